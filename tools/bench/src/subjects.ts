import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import {
  buildImage,
  CriClient,
  type DaemonProcess,
  type EngineName,
  holdExclusively,
  isEngine,
  pullImage,
  startContainerd,
  startCrihub,
  startEngine,
  startFixtureRegistry,
  writeBridgeNetwork,
} from '@crihub/tool-fixtures';
import { Recorder } from './samples.ts';
import { BENCH_IMAGE, type Subject } from './subject.ts';

const NETWORK = { name: 'crihub-bench', bridge: 'crihub-bench0', subnet: '10.93.0.0/16' };

/** What is to be compared: peers by name, then handlers of crihub. */
export interface SubjectChoice {
  readonly peers: readonly 'containerd'[];
  readonly handlers: readonly string[];
}

/** The running subjects; dispose of them to stop all that was started. */
export interface Subjects extends AsyncDisposable {
  readonly all: readonly Subject[];
}

/** Starts the daemons on one network and one registry, and pulls the image everywhere. */
export async function startSubjects(choice: SubjectChoice, directory: string): Promise<Subjects> {
  await using started = new AsyncDisposableStack();
  started.use(await holdExclusively(NETWORK.name));
  const images = await Promise.all(['busybox', 'pause:3.10'].map(buildImage));
  const registry = started.use(await startFixtureRegistry(path.join(directory, 'registry'), images));
  const network = await writeBridgeNetwork(path.join(directory, 'cni'), NETWORK);
  started.defer(async () => network.remove());
  const { certsDirectory } = registry;
  const all: Subject[] = [];
  // A handler runs its pods on the very engine that is a peer, if it is one.
  const engines: Partial<Record<EngineName, string>> = {};
  const add = async (
    name: string,
    handlers: readonly string[],
    home: string,
    daemon: DaemonProcess,
  ): Promise<void> => {
    for (const handler of handlers)
      all.push(await subjectOf(started, handler === '' ? name : `${name} ${handler}`, handler, home, daemon));
  };
  if (choice.peers.includes('containerd')) {
    const home = path.join(directory, 'containerd');
    const daemon = started.use(await startContainerd({ directory: home, network, certsDirectory }));
    engines.containerd = daemon.socket;
    await add('containerd', [''], home, daemon);
  }
  for (const name of choice.handlers.filter(isEngine)) {
    engines[name] ??= started.use(await startEngine(name, path.join(directory, `engine-${name}`))).socket;
  }
  if (choice.handlers.length > 0) {
    const home = path.join(directory, 'crihub');
    await add(
      'crihub',
      choice.handlers,
      home,
      started.use(await startCrihub({ directory: home, network, certsDirectory, engines })),
    );
  }
  const stack = started.move();
  return { all, [Symbol.asyncDispose]: async () => stack.disposeAsync() };
}

async function subjectOf(
  started: AsyncDisposableStack,
  name: string,
  handler: string,
  directory: string,
  daemon: DaemonProcess,
): Promise<Subject> {
  const cri = started.use(new CriClient(daemon.socket));
  await pullImage(cri, BENCH_IMAGE);
  const logDirectory = path.join(directory, 'pod-logs', handler);
  await mkdir(logDirectory, { recursive: true });
  return { name, cri, handler, daemonPid: daemon.pid, directory, logDirectory, recorder: new Recorder() };
}
