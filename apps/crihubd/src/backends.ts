import { join } from 'node:path';
import type { ContainerdBackendDependencies } from '@crihub/backend-containerd';
import type { DockerBackendDependencies } from '@crihub/backend-docker';
import type { KataBackendDependencies } from '@crihub/backend-kata';
import type { RuncBackendDependencies } from '@crihub/backend-runc';
import { type Config, describeIssues, type HandlerConfig } from '@crihub/config';
import type { Backend, BackendPlacement } from '@crihub/contract';
import { describeError, kindOf, RuntimeError } from '@crihub/kernel';
import type { z } from 'zod';
import { OutsideBackend } from './outside/outside-backend.ts';

/** What any of the backends may need of the node. */
export type BackendDependencies = RuncBackendDependencies &
  DockerBackendDependencies &
  ContainerdBackendDependencies &
  KataBackendDependencies;

interface BackendKind {
  /** The issues of options that it does not take. */
  check(options: unknown): z.ZodError | undefined;
  make(options: unknown, placement: BackendPlacement, deps: BackendDependencies): Backend;
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
  kata: async () => {
    const { KataBackend, kataOptions } = await import('@crihub/backend-kata');
    return kind(
      kataOptions,
      (options, placement, deps) => new KataBackend({ ...options, ...placement }, deps),
    );
  },
};

const kind = <Schema extends z.ZodType>(
  schema: Schema,
  make: (options: z.output<Schema>, placement: BackendPlacement, deps: BackendDependencies) => Backend,
): BackendKind => ({
  check: (options) => schema.safeParse(options, { reportInput: true }).error,
  make: (options, placement, deps) => make(schema.parse(options), placement, deps),
});

/**
 * Checks that there is every handler's backend, and that it takes the handler's options.
 * @returns packages that are there and can't be used, a line each: their handlers are unhealthy, the others run.
 * @throws InvalidArgument naming the file, for a backend that is not known or options that it does not take.
 */
export async function checkHandlers(config: Config, file: string): Promise<readonly string[]> {
  const unusable: string[] = [];
  for (const [name, handler] of Object.entries(config.handlers)) {
    const backend = await findBackend(name, config, file);
    const mistakes =
      backend instanceof OutsideBackend
        ? await checkOutside(backend, name, handler, file, unusable)
        : checkOurs(backend, name, handler, file);
    if (mistakes !== undefined) throw new RuntimeError('InvalidArgument', mistakes);
  }
  return unusable;
}

function checkOurs(
  backend: BackendKind,
  name: string,
  handler: HandlerConfig,
  file: string,
): string | undefined {
  const issues = backend.check(optionsOf(handler));
  return issues && describeIssues(issues, file, ['handlers', name]);
}

async function checkOutside(
  backend: OutsideBackend,
  name: string,
  handler: HandlerConfig,
  file: string,
  unusable: string[],
): Promise<string | undefined> {
  try {
    const mistakes = await backend.check(optionsOf(handler), `${file}: handlers.${name}`);
    return mistakes.length === 0 ? undefined : mistakes.join('\n');
  } catch (error) {
    if (kindOf(error) !== 'FailedPrecondition') throw error;
    unusable.push(`handlers.${name}: ${describeError(error)}`);
    return undefined;
  }
}

/** Makes the backend of one handler, whose configuration was checked. */
export async function makeBackend(name: string, config: Config, deps: BackendDependencies): Promise<Backend> {
  const handler = config.handlers[name];
  if (handler === undefined) throw new RuntimeError('Internal', `handler ${name} was not checked`);
  const placement = {
    handler: name,
    instance: `${config.stateDirectory}:${name}`,
    stateDirectory: join(config.stateDirectory, 'backends', name),
    runDirectory: join(config.runDirectory, name),
    cgroupDriver: config.cgroupDriver,
  };
  const backend = await findBackend(name, config, 'configuration');
  return await backend.make(optionsOf(handler), placement, deps);
}

/** @throws InvalidArgument if the word is none of ours, and no installed package's. */
async function findBackend(
  name: string,
  { handlers, backendDirectory }: Config,
  file: string,
): Promise<BackendKind | OutsideBackend> {
  const word = handlers[name]?.backend ?? '';
  const ours = Object.hasOwn(BACKENDS, word) ? BACKENDS[word] : undefined;
  const found = (await ours?.()) ?? (await OutsideBackend.find(word, backendDirectory));
  if (found !== undefined) return found;
  throw new RuntimeError(
    'InvalidArgument',
    `${file}: handlers.${name}.backend is '${word}'; there are ${Object.keys(BACKENDS).join(', ')}, ` +
      `and no package of this name in ${backendDirectory} (npm install --prefix ${backendDirectory} <package>)`,
  );
}

/** What the configuration of a handler says beyond what every handler has. */
function optionsOf({
  backend: _backend,
  cniConfDirectory: _cni,
  maxConcurrentCreations: _admission,
  createTimeoutSeconds: _create,
  callTimeoutSeconds: _call,
  fallback: _fallback,
  defaultResources: _resources,
  defaultOverhead: _overhead,
  ...options
}: HandlerConfig): Readonly<Record<string, unknown>> {
  return options;
}
