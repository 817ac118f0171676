import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { builtContainerd } from '@crihub/tool-conformance';
import { startEngine } from '@crihub/tool-fixtures';
import { GUEST_DIRECTORY } from '@crihub/tool-guest';
import { DockerEngine } from '@crihub/transport/docker-engine';
import { run } from '@crihub/transport/process';
import { engineHandler, type HandlerConfig, ociHandler } from './daemon-config.ts';

/** A handler with what it drives, for the tests that every handler passes. Disposing of it stops that. */
export interface TestedHandler extends AsyncDisposable {
  /** @param directory of the node, below which the handler's files go. */
  config(directory: string): HandlerConfig;
  /** Whether this host sees the processes of its containers. */
  readonly showsProcesses: boolean;
  /** Whether its pods may be on the node's network. */
  readonly hasHostNetwork: boolean;
  /** How many pods are a test of the handler, and not of how many machines this one can emulate. */
  readonly podsAtOnce: number;
  /** What it still holds of pods, beyond what the machine shows; a line each. */
  leftovers(): Promise<readonly string[]>;
  /** Whether it has a copy of this image of its own. */
  hasImage(imageId: string): Promise<boolean>;
}

/** By the name of the handler: each is started when a test asks for it. */
export const TESTED_HANDLERS: Readonly<Record<string, () => Promise<TestedHandler>>> = {
  runc: async () => oci('runc'),
  crun: async () => oci('crun'),
  docker: startDocker,
  kata: async () => kata(),
  containerd: async () => await startContainerd(),
  'containerd-upstream': async () =>
    await startContainerd([await builtContainerd('containerd-upstream', () => undefined)]),
};

/** Starts one of them. @throws Error for a name that is none of theirs. */
export async function startHandler(name: string): Promise<TestedHandler> {
  const start = TESTED_HANDLERS[name];
  if (start === undefined)
    throw new Error(`${name} is not one of ${Object.keys(TESTED_HANDLERS).join(', ')}`);
  return await start();
}

const ORDINARY = { hasHostNetwork: true, podsAtOnce: 20 } as const;

const oci = (runtime: string): TestedHandler => ({
  showsProcesses: true,
  ...ORDINARY,
  config: (directory) => ociHandler(directory, runtime),
  leftovers: async () => [],
  hasImage: async () => false,
  [Symbol.asyncDispose]: async () => undefined,
});

const kata = (): TestedHandler => ({
  showsProcesses: false,
  hasHostNetwork: false,
  podsAtOnce: 3,
  config: (directory) => ({
    backend: 'kata',
    guestDirectory: GUEST_DIRECTORY,
    accelerator: 'tcg',
    networkNamespaceDirectory: path.join(directory, 'netns'),
  }),
  leftovers: async () => [],
  hasImage: async () => false,
  [Symbol.asyncDispose]: async () => undefined,
});

async function startContainerd(programs: readonly string[] = []): Promise<TestedHandler> {
  const own = await mkdtemp(path.join(tmpdir(), 'crihub-engine-'));
  const daemon = await startEngine('containerd', own, programs);
  const listed = async (kind: 'containers' | 'tasks'): Promise<readonly string[]> => {
    const args = ['--address', daemon.socket, '--namespace', 'crihub', kind, 'list', '--quiet'];
    const { stdout } = await run('ctr', { args });
    return stdout
      .toString()
      .split('\n')
      .filter((id) => id !== '');
  };
  return {
    showsProcesses: true,
    ...ORDINARY,
    config: (directory) => engineHandler(directory, 'containerd', daemon.socket),
    leftovers: async () => [
      ...(await listed('containers')).map((id) => `container ${id}`),
      ...(await listed('tasks')).map((id) => `task ${id}`),
    ],
    hasImage: async () => false, // it runs from the hub's layers
    [Symbol.asyncDispose]: async () => {
      await daemon[Symbol.asyncDispose]();
      await rm(own, { recursive: true, force: true });
    },
  };
}

async function startDocker(): Promise<TestedHandler> {
  const own = await mkdtemp(path.join(tmpdir(), 'crihub-engine-'));
  const daemon = await startEngine('docker', own);
  const engine = new DockerEngine({ socketPath: daemon.socket });
  const soon = (): AbortSignal => AbortSignal.timeout(10_000);
  return {
    showsProcesses: true,
    ...ORDINARY,
    config: (directory) => engineHandler(directory, 'docker', daemon.socket),
    leftovers: async () =>
      (await engine.containers.list([], soon())).map(({ Names }) => `container ${String(Names)}`),
    hasImage: async (imageId) => (await engine.images.find(imageId, soon())) !== undefined,
    [Symbol.asyncDispose]: async () => {
      await daemon[Symbol.asyncDispose]();
      await rm(own, { recursive: true, force: true });
    },
  };
}
