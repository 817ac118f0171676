import { join } from 'node:path';
import type { ContainerdBackendDependencies } from '@crihub/backend-containerd';
import type { DockerBackendDependencies } from '@crihub/backend-docker';
import type { RuncBackendDependencies } from '@crihub/backend-runc';
import { type Config, describeIssues, type HandlerConfig } from '@crihub/config';
import type { Backend } from '@crihub/contract';
import { RuntimeError } from '@crihub/kernel';
import type { z } from 'zod';

/** What any of the backends may need of the node. */
export type BackendDependencies = RuncBackendDependencies &
  DockerBackendDependencies &
  ContainerdBackendDependencies;

/** Where a backend may keep things, and what the node decides for all of them. */
interface Placement {
  readonly handler: string;
  /** Another one for each hub on this host. */
  readonly instance: string;
  readonly stateDirectory: string;
  readonly runDirectory: string;
  readonly cgroupDriver: Config['cgroupDriver'];
}

interface BackendKind {
  /** The issues of options that it does not take. */
  check(options: unknown): z.ZodError | undefined;
  make(options: unknown, placement: Placement, deps: BackendDependencies): Backend;
}

/**
 * Every backend by the word that the configuration uses for it; nothing else names them. Each is imported
 * when a handler asks for it: what a node does not use costs it no memory.
 */
const BACKENDS: Readonly<Record<string, () => Promise<BackendKind>>> = {
  runc: async () => {
    const { RuncBackend, runcOptions } = await import('@crihub/backend-runc');
    return kind(
      runcOptions,
      (options, placement, deps) => new RuncBackend({ ...options, ...placement }, deps),
    );
  },
  docker: async () => {
    const { DockerBackend, dockerOptions } = await import('@crihub/backend-docker');
    return kind(
      dockerOptions,
      (options, placement, deps) => new DockerBackend({ ...options, ...placement }, deps),
    );
  },
  containerd: async () => {
    const { ContainerdBackend, containerdOptions } = await import('@crihub/backend-containerd');
    return kind(
      containerdOptions,
      (options, placement, deps) => new ContainerdBackend({ ...options, ...placement }, deps),
    );
  },
};

const kind = <Schema extends z.ZodType>(
  schema: Schema,
  make: (options: z.output<Schema>, placement: Placement, deps: BackendDependencies) => Backend,
): BackendKind => ({
  check: (options) => schema.safeParse(options, { reportInput: true }).error,
  make: (options, placement, deps) => make(schema.parse(options), placement, deps),
});

/** @throws InvalidArgument naming the file, for a backend that is not known or options that it does not take. */
export async function checkHandlers(config: Config, file: string): Promise<void> {
  for (const [name, handler] of Object.entries(config.handlers)) {
    const load = BACKENDS[handler.backend];
    if (load === undefined) {
      throw new RuntimeError(
        'InvalidArgument',
        `${file}: handlers.${name}.backend is '${handler.backend}'; there are: ${Object.keys(BACKENDS).join(', ')}`,
      );
    }
    const issues = (await load()).check(optionsOf(handler));
    if (issues !== undefined) {
      throw new RuntimeError('InvalidArgument', describeIssues(issues, file, ['handlers', name]));
    }
  }
}

/** Makes the backend of one handler, whose configuration was checked. */
export async function makeBackend(name: string, config: Config, deps: BackendDependencies): Promise<Backend> {
  const handler = config.handlers[name];
  const load = handler && BACKENDS[handler.backend];
  if (handler === undefined || load === undefined)
    throw new RuntimeError('Internal', `handler ${name} was not checked`);
  const placement = {
    handler: name,
    instance: `${config.stateDirectory}:${name}`,
    stateDirectory: join(config.stateDirectory, 'backends', name),
    runDirectory: join(config.runDirectory, name),
    cgroupDriver: config.cgroupDriver,
  };
  return (await load()).make(optionsOf(handler), placement, deps);
}

/** What the configuration of a handler says beyond what every handler has. */
function optionsOf({
  backend: _backend,
  cniConfDirectory: _cni,
  maxConcurrentCreations: _admission,
  createTimeoutSeconds: _create,
  callTimeoutSeconds: _call,
  ...options
}: HandlerConfig): Readonly<Record<string, unknown>> {
  return options;
}
