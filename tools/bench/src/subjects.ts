import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import {
  buildImage,
  type DaemonProcess,
  type EngineName,
  holdExclusively,
  isEngine,
  layeredImage,
  pullImage,
  startContainerd,
  startCrihub,
  startEngine,
  startFixtureRegistry,
  writeBridgeNetwork,
} from '@crihub/tool-fixtures';
import { BenchDaemon } from './bench-daemon.ts';
import type { SubjectChoice } from './choice.ts';
import { Recorder } from './samples.ts';
import { BENCH_IMAGE, LARGE_IMAGE, type Subject } from './subject.ts';

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

/** Starts the daemons on one network and one registry, and pulls the image everywhere. */
export async function startSubjects(choice: SubjectChoice, directory: string): Promise<Subjects> {
  await using started = new AsyncDisposableStack();
  started.use(await holdExclusively(NETWORK.name));
  const surroundings = await surround(started, directory, choice.needsLargeImage);
  const all: Subject[] = [];
  // A handler runs its pods on the very engine that is a peer, if it is one.
  const engines: Partial<Record<EngineName, string>> = {};
  const add = async (
    name: string,
    handlers: readonly string[],
    start: (home: string) => Promise<DaemonProcess>,
  ) => {
    const home = path.join(directory, name);
    const daemon = started.use(await BenchDaemon.start(async () => start(home)));
    if (isEngine(name)) engines[name] = daemon.socket;
    await pullImage(daemon.cri, BENCH_IMAGE);
    for (const handler of handlers) {
      const logDirectory = path.join(home, 'pod-logs', handler);
      await mkdir(logDirectory, { recursive: true });
      const title = handler === '' ? name : `${name} ${handler}`;
      all.push({ name: title, daemon, handler, directory: home, logDirectory, recorder: new Recorder() });
    }
  };
  if (choice.peers.includes('containerd'))
    await add('containerd', [''], async (home) => startContainerd({ directory: home, ...surroundings }));
  const { handlers, distribution } = choice;
  for (const name of handlers.filter(isEngine))
    engines[name] ??= started.use(await startEngine(name, path.join(directory, `engine-${name}`))).socket;
  if (handlers.length > 0)
    await add('crihub', handlers, async (home) =>
      startCrihub({
        directory: home,
        ...surroundings,
        engines,
        ...(distribution === undefined ? {} : { distribution }),
      }),
    );
  const stack = started.move();
  return { all, [Symbol.asyncDispose]: async () => stack.disposeAsync() };
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
