import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import {
  buildImage,
  type ContainerdOptions,
  type CrihubOptions,
  holdExclusively,
  layeredImage,
  pullImage,
  startContainerd,
  startCrihub,
  startFixtureRegistry,
  writeBridgeNetwork,
} from '@crihub/tool-fixtures';
import { BenchDaemon } from './bench-daemon.ts';
import type { SubjectChoice } from './choice.ts';
import { prepareHandlers } from './handlers.ts';
import { Recorder } from './samples.ts';
import { BENCH_IMAGE, LARGE_IMAGE, type Subject } from './subject.ts';
import { unlessLacking } from './unless-lacking.ts';

const NETWORK = { name: 'crihub-bench', bridge: 'crihub-bench0', subnet: '10.93.0.0/16' };

/** The running subjects; dispose of them to stop all that was started. */
export interface Subjects extends AsyncDisposable {
  readonly all: readonly Subject[];
}

/** What all daemons share, so that nothing but themselves is compared. */
interface Surroundings {
  readonly network: Awaited<ReturnType<typeof writeBridgeNetwork>>;
  readonly certsDirectory: string;
}

/**
 * Starts the daemons on one network and one registry, and pulls the image everywhere. What this machine can't
 * run is left out, with a word.
 */
export async function startSubjects(
  choice: SubjectChoice,
  directory: string,
  say: (line: string) => void,
): Promise<Subjects> {
  await using started = new AsyncDisposableStack();
  started.use(await holdExclusively(NETWORK.name));
  const surroundings = await surround(started, directory, choice.needsLargeImage);
  const peers = choice.peers.includes('containerd')
    ? await startPeer(started, { directory: path.join(directory, 'containerd'), ...surroundings }, say)
    : [];
  // A handler runs its pods on the very engine that is a peer, if it is one.
  const running = Object.fromEntries(peers.map(({ name, daemon }) => [name, daemon.socket]));
  const { names, ...needs } = await prepareHandlers(choice.handlers, { running, directory, started, say });
  const { distribution } = choice;
  const options = {
    directory: path.join(directory, 'crihub'),
    ...surroundings,
    ...needs,
    ...(distribution === undefined ? {} : { distribution }),
  };
  const ours = names.length === 0 ? [] : await startOurs(started, options, names);
  if (peers.length + ours.length === 0)
    throw new Error('this machine can run nothing of what is to be measured');
  const stack = started.move();
  return { all: [...peers, ...ours], [Symbol.asyncDispose]: async () => stack.disposeAsync() };
}

async function startPeer(
  started: AsyncDisposableStack,
  options: ContainerdOptions,
  say: (line: string) => void,
): Promise<readonly Subject[]> {
  const daemon = await unlessLacking('containerd', say, async () =>
    BenchDaemon.start(async () => startContainerd(options)),
  );
  if (daemon === undefined) return [];
  return await subjectsOf(started.use(daemon), 'containerd', options.directory, ['']);
}

async function startOurs(
  started: AsyncDisposableStack,
  options: CrihubOptions,
  handlers: readonly string[],
): Promise<readonly Subject[]> {
  const daemon = started.use(await BenchDaemon.start(async () => startCrihub(options)));
  const subjects = await subjectsOf(daemon, 'crihub', options.directory, handlers);
  const engines = new Map(Object.entries(options.engines ?? {}));
  return subjects.map((subject) => {
    const socket = engines.get(subject.handler);
    return socket === undefined ? subject : { ...subject, directory: path.dirname(socket) };
  });
}

async function subjectsOf(
  daemon: BenchDaemon,
  name: string,
  directory: string,
  handlers: readonly string[],
): Promise<readonly Subject[]> {
  await pullImage(daemon.cri, BENCH_IMAGE);
  return await Promise.all(
    handlers.map(async (handler) => {
      const logDirectory = path.join(directory, 'pod-logs', handler);
      await mkdir(logDirectory, { recursive: true });
      const title = handler === '' ? name : `${name} ${handler}`;
      return { name: title, daemon, handler, directory, logDirectory, recorder: new Recorder() };
    }),
  );
}

async function surround(
  started: AsyncDisposableStack,
  directory: string,
  needsLargeImage: boolean,
): Promise<Surroundings> {
  const images = await Promise.all(['busybox', 'pause:3.10'].map(buildImage));
  const large = { reference: LARGE_IMAGE, layers: 8, mebibytesPerLayer: 25 };
  const larger = needsLargeImage ? [await layeredImage(path.join(directory, 'large-image'), large)] : [];
  const registry = started.use(
    await startFixtureRegistry(path.join(directory, 'registry'), [...images, ...larger]),
  );
  const network = await writeBridgeNetwork(path.join(directory, 'cni'), NETWORK);
  started.defer(async () => network.remove());
  return { network, certsDirectory: registry.certsDirectory };
}
