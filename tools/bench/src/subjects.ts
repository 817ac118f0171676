import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import {
  buildImage,
  type CrihubOptions,
  type DaemonProcess,
  type EngineName,
  holdExclusively,
  layeredImage,
  pullImage,
  startContainerd,
  startCrihub,
  startFixtureRegistry,
  writeBridgeNetwork,
} from '@crihub/tool-fixtures';
import { BenchDaemon } from './bench-daemon.ts';
import type { Peer, SubjectChoice } from './choice.ts';
import { startCriDockerd, startEngineForPeer } from './docker/cri-dockerd.ts';
import { prepareHandlers } from './handlers.ts';
import { Recorder } from './samples.ts';
import { BENCH_IMAGE, LARGE_IMAGE, type Subject } from './subject.ts';
import { unlessLacking } from './unless-lacking.ts';

const NETWORK = { name: 'crihub-bench', bridge: 'crihub-bench0', subnet: '10.93.0.0/16' };

/** The running subjects; dispose of them to stop all that was started. */
export interface Subjects extends AsyncDisposable {
  readonly all: readonly Subject[];
}

/** What a peer is started with, in a directory of its own. */
type PeerOptions = Surroundings & { readonly directory: string };

/** What all daemons share, so that nothing but themselves is compared. */
interface Surroundings {
  readonly network: Awaited<ReturnType<typeof writeBridgeNetwork>>;
  readonly certsDirectory: string;
  readonly registryUrl: string;
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
  // A handler runs its pods on the very engine that is a peer, or under one.
  const running: { [Name in EngineName]?: string } = {};
  const peers: Subject[] = [];
  for (const name of choice.peers) {
    const options = { directory: path.join(directory, name), ...surroundings };
    const peer = await unlessLacking(name, say, async () => STARTS[name](started, options));
    if (peer === undefined) continue;
    running[peer.engine.name] = peer.engine.socket;
    peers.push(peer.subject);
  }
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

interface StartedPeer {
  readonly subject: Subject;
  readonly engine: { readonly name: EngineName; readonly socket: string };
}

const STARTS: Readonly<
  Record<Peer, (started: AsyncDisposableStack, options: PeerOptions) => Promise<StartedPeer>>
> = {
  containerd: async (started, options) => {
    const daemon = started.use(await BenchDaemon.start(async () => startContainerd(options)));
    await pullImage(daemon.cri, BENCH_IMAGE);
    const subject = await subjectOf(daemon, { name: 'containerd', directory: options.directory });
    return { subject, engine: { name: 'containerd', socket: daemon.socket } };
  },
  'cri-dockerd': async (started, options) => {
    const engine = started.use(await startEngineForPeer(options));
    const start = async (): Promise<DaemonProcess> => startCriDockerd(engine.socket, options);
    const daemon = started.use(await BenchDaemon.start(start));
    const subject = await subjectOf(daemon, { name: 'cri-dockerd', directory: options.directory });
    return { subject, engine: { name: 'docker', socket: engine.socket } };
  },
};

async function startOurs(
  started: AsyncDisposableStack,
  options: CrihubOptions,
  handlers: readonly string[],
): Promise<readonly Subject[]> {
  const daemon = started.use(await BenchDaemon.start(async () => startCrihub(options)));
  await pullImage(daemon.cri, BENCH_IMAGE);
  const engines = new Map(Object.entries(options.engines ?? {}));
  return await Promise.all(
    handlers.map(async (handler) => {
      const subject = await subjectOf(daemon, {
        name: `crihub ${handler}`,
        directory: options.directory,
        handler,
      });
      const socket = engines.get(handler);
      return socket === undefined ? subject : { ...subject, directory: path.dirname(socket) };
    }),
  );
}

async function subjectOf(
  daemon: BenchDaemon,
  { name, directory, handler = '' }: { name: string; directory: string; handler?: string },
): Promise<Subject> {
  const logDirectory = path.join(directory, 'pod-logs', handler);
  await mkdir(logDirectory, { recursive: true });
  return { name, daemon, handler, directory, logDirectory, recorder: new Recorder() };
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
  return { network, certsDirectory: registry.certsDirectory, registryUrl: registry.url };
}
