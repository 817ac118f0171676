import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { describeError } from '@crihub/kernel';
import {
  buildImage,
  CriClient,
  loadImages,
  startCrihub,
  writeBridgeNetwork,
  writeLayoutTar,
} from '@crihub/tool-fixtures';
import { ensureDebianPackages, RUNTIME_PACKAGES } from './debian-packages.ts';
import { formatDemo, runDemo } from './demo.ts';
import { untilInterrupted } from './interrupt.ts';

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
  await ensureDebianPackages(RUNTIME_PACKAGES, say);
  await mkdir(root, { recursive: true, mode: 0o700 });
  await using started = new AsyncDisposableStack();
  const network = await writeBridgeNetwork(path.join(root, 'cni'), NETWORK);
  started.defer(async () => network.remove());
  say(`starting the daemon in ${root}`);
  const daemon = started.use(await startCrihub({ directory: root, network }));
  const image = await buildImage('busybox');
  const archive = path.join(root, 'busybox.tar');
  await writeLayoutTar(archive, [image]);
  await loadImages(daemon.socket, archive);
  using cri = new CriClient(daemon.socket);
  const outcomes = await runDemo(cri, image.reference, path.join(root, 'logs'), say);
  console.log(formatDemo(outcomes));
  if (outcomes.length === 0 || outcomes.some((outcome) => 'failure' in outcome)) process.exitCode = 1;
  if (values.once) return;
  console.log(invitation(daemon.socket, daemon.logFile));
  await untilInterrupted(daemon.exited);
  say('stopping; Ctrl-C again to force it');
}

const invitation = (socket: string, logFile: string): string => `
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
