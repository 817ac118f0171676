import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { describeError } from '@crihub/kernel';
import {
  buildImage,
  CriClient,
  type DaemonProcess,
  enginesOfNode,
  holdExclusively,
  loadImages,
  startCrihub,
  writeBridgeNetwork,
  writeLayoutTar,
} from '@crihub/tool-fixtures';
import { MACHINE_PACKAGES, RUNTIME_PACKAGES } from './debian-packages.ts';
import { buildGuest, GUEST_DIRECTORY } from '@crihub/tool-guest';
import { prepareHost } from './prepare-host.ts';
import { formatDemo, runDemo } from './demo.ts';
import { InterruptedError, interruption } from './interrupt.ts';

const USAGE = `usage: npm run up [-- --once] [--root <directory>]

Installs the Debian packages that are missing, starts the daemon, and runs a pod on each of its handlers.
Then it stays, for you to try, until Ctrl-C. Needs root.

  --once              stop when the demo is over
  --root <directory>  where all state goes (default /var/lib/crihub-demo)
`;

const NETWORK = { name: 'crihub-demo', bridge: 'crihub-demo0', subnet: '10.90.0.0/16' };

const { values } = parseArgs({
  options: {
    once: { type: 'boolean', default: false },
    root: { type: 'string', default: '/var/lib/crihub-demo' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

const say = (line: string): void => console.log(`▸ ${line}`);

async function up(root: string): Promise<void> {
  const interrupted = interruption(say);
  await prepareHost([...RUNTIME_PACKAGES, ...MACHINE_PACKAGES], say);
  await buildGuest(GUEST_DIRECTORY, say);
  await mkdir(root, { recursive: true, mode: 0o700 });
  await using started = new AsyncDisposableStack();
  started.use(await holdExclusively(NETWORK.name));
  const network = await writeBridgeNetwork(path.join(root, 'cni'), NETWORK);
  started.defer(async () => network.remove());
  say(`starting the daemon in ${root}`);
  const daemon = started.use(
    await startCrihub({
      directory: root,
      network,
      engines: await enginesOfNode(say),
      guestDirectory: GUEST_DIRECTORY,
    }),
  );
  await Promise.race([demonstrate(daemon.socket, root), interrupted]);
  if (values.once) return;
  console.log(invitation(daemon));
  await Promise.race([stay(daemon), interrupted]).catch(acceptInterruption);
}

/** Loads an image and shows a pod on each handler. */
async function demonstrate(socket: string, root: string): Promise<void> {
  const image = await buildImage('busybox');
  const archive = path.join(root, 'busybox.tar');
  await writeLayoutTar(archive, [image]);
  await loadImages(socket, archive);
  using cri = new CriClient(socket);
  const outcomes = await runDemo(cri, image.reference, path.join(root, 'logs'), say);
  console.log(formatDemo(outcomes));
  if (outcomes.some((outcome) => 'failure' in outcome)) process.exitCode = 1;
}

async function stay(daemon: DaemonProcess): Promise<never> {
  const code = await daemon.exited;
  throw new Error(`the daemon ended by itself with exit code ${String(code)}; its log is ${daemon.logFile}`);
}

function acceptInterruption(error: unknown): void {
  if (!(error instanceof InterruptedError)) throw error;
}

const invitation = ({ socket, logFile }: DaemonProcess): string => `
crihub answers on unix://${socket}
  its log     ${logFile}
  try         crictl -r unix://${socket} info
              node apps/crihub/src/main.ts --socket ${socket} doctor
Ctrl-C stops it and removes its pods.`;

if (values.help) console.log(USAGE);
else
  try {
    await up(path.resolve(values.root));
  } catch (error) {
    console.error(describeError(error));
    process.exitCode = 1;
  }
