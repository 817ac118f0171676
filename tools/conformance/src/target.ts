import path from 'node:path';
import {
  buildImage,
  type DaemonProcess,
  type FixtureImage,
  FIXTURE_NAMES,
  holdExclusively,
  newerDocker,
  nriSocket,
  startContainerd,
  startCrihub,
  startEngine,
  startEngineOf,
  startFixtureRegistry,
  writeBridgeNetwork,
} from '@crihub/tool-fixtures';
import { RuntimeError } from '@crihub/kernel';
import { guestOf } from '@crihub/tool-guest';
import { builtContainerd, goProgram } from './go-programs.ts';

/** What critest is to judge. */
export type TargetChoice =
  | { readonly kind: 'crihub'; readonly handler: string }
  | { readonly kind: 'containerd' }
  | { readonly kind: 'endpoint'; readonly endpoint: string };

/** A CRI socket that is ready for critest; dispose of it to stop what was started for it. */
export interface Target extends AsyncDisposable {
  readonly endpoint: string;
  /** Where plugins connect, if they can. */
  readonly nriSocket?: string;
}

const NETWORK = { name: 'crihub-conformance', bridge: 'crihub-conf0', subnet: '10.91.0.0/16' };

/** Starts a runtime with a registry and a network of its own, all in `directory`. */
export async function startTarget(
  choice: TargetChoice,
  directory: string,
  say: (line: string) => void,
): Promise<Target> {
  if (choice.kind === 'endpoint')
    return { endpoint: choice.endpoint, [Symbol.asyncDispose]: async () => Promise.resolve() };
  await using started = new AsyncDisposableStack();
  // The specs use fixed ports, and the bridge has one name.
  started.use(await holdExclusively(NETWORK.name));
  const images = await buildImages(say);
  const registry = started.use(await startFixtureRegistry(path.join(directory, 'registry'), images));
  const network = await writeBridgeNetwork(path.join(directory, 'cni'), NETWORK);
  started.defer(async () => network.remove());
  const options = {
    directory: path.join(directory, 'runtime'),
    network,
    certsDirectory: registry.certsDirectory,
  };
  const daemon: DaemonProcess = started.use(
    choice.kind === 'containerd'
      ? await startContainerd(options)
      : await startCrihub({
          ...options,
          defaultHandler: choice.handler,
          engines: await startEngineOf(choice.handler, path.join(directory, 'engine'), started),
          handlers: await upstreamHandler(choice.handler, { directory, started, say }),
          ...(await guestOf(choice.handler, say)),
        }),
  );
  const all = started.move();
  return {
    endpoint: `unix://${daemon.socket}`,
    ...(choice.kind === 'crihub' ? { nriSocket: nriSocket(options.directory) } : {}),
    [Symbol.asyncDispose]: async () => all.disposeAsync(),
  };
}

interface Upstream {
  readonly directory: string;
  readonly started: AsyncDisposableStack;
  readonly say: (line: string) => void;
}

/** Handlers of programs that are newer than those of the distribution. */
const UPSTREAM: Readonly<Record<string, ((parts: Upstream) => Promise<object>) | undefined>> = {
  'runc-upstream': async ({ say }) => ({ backend: 'runc', runtime: await goProgram('runc', say) }),
  'containerd-upstream': async ({ directory, started, say }) => {
    const programs = await builtContainerd('containerd-upstream', say);
    const engine = await startEngine('containerd', path.join(directory, 'engine'), [programs]);
    started.use(engine);
    return { backend: 'containerd', socketPath: engine.socket, runtime: await goProgram('runc', say) };
  },
  'docker-upstream': async ({ directory, started, say }) => {
    const docker = await newerDocker();
    if (typeof docker === 'string') throw new RuntimeError('FailedPrecondition', docker);
    say(`Docker Engine ${docker.version}`);
    const engine = await startEngine('docker', path.join(directory, 'engine'), docker.programs);
    started.use(engine);
    return { backend: 'docker', socket: engine.socket };
  },
};

async function upstreamHandler(name: string, parts: Upstream): Promise<Readonly<Record<string, object>>> {
  const make = UPSTREAM[name];
  return make === undefined ? {} : { [name]: await make(parts) };
}

/** Builds all images that the specs name, or takes them from the cache. */
export async function buildImages(say: (line: string) => void): Promise<readonly FixtureImage[]> {
  say('building the images');
  return await Promise.all(FIXTURE_NAMES.map(buildImage));
}
