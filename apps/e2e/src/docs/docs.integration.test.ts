import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  buildImage,
  containerConfig,
  CriClient,
  createContainer,
  podConfig,
  pullImage,
  removeAllPods,
  runPod,
  startContainer,
  startDaemon,
  startFixtureRegistry,
  writeBridgeNetwork,
} from '@crihub/tool-fixtures';
import { run } from '@crihub/transport/process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DocBlock, shellBlocks } from './doc-blocks.ts';
import { ScratchMachine } from './scratch-machine.ts';

/*
 * Runs the commands of the pages for operators, in their order and as they stand, on a copy of this machine
 * that keeps nothing. What needs systemd or a cluster says so in the page; the test does systemd's part.
 */

const REPOSITORY = path.resolve(import.meta.dirname, '../../../..');
const PAGES = ['install.md', 'operate.md', 'move.md'];
const SOCKET = '/run/crihub/crihub.sock';
const BUSYBOX = 'registry.k8s.io/e2e-test-images/busybox:1.29-2';

let directory: string;
let started: AsyncDisposableStack;
let machine: ScratchMachine;
let cri: CriClient;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'crihub-docs-'));
  started = new AsyncDisposableStack();
  machine = started.use(await ScratchMachine.start(directory));
  const images = await Promise.all(['busybox', 'pause:3.10'].map(buildImage));
  const registry = started.use(await startFixtureRegistry(path.join(directory, 'registry'), images));
  const network = await writeBridgeNetwork(path.join(directory, 'cni'), {
    name: 'crihub-docs-test',
    bridge: 'crihub-doc0',
    subnet: '10.91.0.0/16',
  });
  started.defer(async () => network.remove());
  await copyInto('/etc/containerd/certs.d', registry.certsDirectory);
  await copyInto('/etc/cni/net.d', network.configDirectory);
});

afterAll(async () => {
  await started.disposeAsync();
  await rm(directory, { recursive: true, force: true });
});

async function copyInto(inside: string, source: string): Promise<void> {
  await mkdir(machine.path(inside), { recursive: true });
  await cp(source, machine.path(inside), { recursive: true });
}

/** What systemd would do with the unit that was installed. */
async function startUnit(): Promise<void> {
  const unit = await readFile(machine.path('/opt/crihub/deploy/crihubd.service'), 'utf8');
  const command = /^ExecStart=(.+)$/m.exec(unit)?.[1]?.split(' ') ?? [];
  started.use(
    await startDaemon({
      name: 'crihubd',
      program: 'nsenter',
      args: machine.enter('/', ...command),
      socket: machine.path(SOCKET),
      logFile: path.join(directory, 'crihubd.log'),
    }),
  );
  cri = started.use(new CriClient(machine.path(SOCKET)));
  started.defer(async () => await removeAllPods(cri));
  await runExamplePod();
}

/** The pod `web` that the pages speak of. */
async function runExamplePod(): Promise<void> {
  await pullImage(cri, BUSYBOX);
  const pod = podConfig('web', '/var/lib/crihub/example-logs');
  const id = await runPod(cri, pod);
  const container = containerConfig('hello', BUSYBOX, ['sh', '-c', 'echo hello; echo world; sleep 1000']);
  await startContainer(cri, await createContainer(cri, id, container, pod));
}

async function runBlock({ commands }: DocBlock): Promise<string> {
  const { exitCode, stdout, stderr } = await run('nsenter', {
    args: machine.enter(REPOSITORY, 'bash', '-euo', 'pipefail', '-c', commands),
    env: { PATH: `${path.dirname(process.execPath)}:${process.env['PATH'] ?? ''}`, HOME: '/root' },
    timeoutMs: 5 * 60_000,
  });
  expect(exitCode, `${commands}\n${stdout.toString()}\n${stderr.toString()}`).toBe(0);
  return stdout.toString();
}

const blocks = await Promise.all(
  PAGES.map(async (page) => shellBlocks(page, await readFile(path.join(REPOSITORY, 'docs', page), 'utf8'))),
);

describe.each(blocks.flat().map((block) => [`${block.page}:${String(block.line)}`, block] as const))(
  '%s',
  (_place, block) => {
    it(block.commands, { timeout: 6 * 60_000 }, async ({ skip }) => {
      if (block.commands.includes('systemctl enable --now crihubd')) await startUnit();
      if (block.commands.includes(`unix://${SOCKET} rmp --all`)) await removeAllPods(cri);
      if (block.notRun !== undefined) skip(block.notRun);
      expect(await runBlock(block)).toBeDefined();
    });
  },
);
