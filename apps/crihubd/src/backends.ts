import { join } from 'node:path';
import { RuncBackend, type RuncBackendDependencies, runcOptions } from '@crihub/backend-runc';
import { type Config, describeIssues } from '@crihub/config';
import type { Backend } from '@crihub/contract';
import { RuntimeError } from '@crihub/kernel';

/** What any of the backends may need of the node. */
export type BackendDependencies = RuncBackendDependencies;

type MakeBackend = (name: string, options: unknown, config: Config, deps: BackendDependencies) => Backend;

/** Every backend by the word that the configuration uses for it. Nothing else names them. */
const BACKENDS: Readonly<Record<string, MakeBackend>> = {
  runc: (name, options, config, deps) => {
    const parsed = runcOptions.safeParse(options, { reportInput: true });
    if (!parsed.success)
      throw new RuntimeError(
        'InvalidArgument',
        describeIssues(parsed.error, 'configuration', ['handlers', name]),
      );
    return new RuncBackend(
      {
        ...parsed.data,
        stateDirectory: join(config.stateDirectory, 'backends', name),
        runDirectory: join(config.runDirectory, name),
        cgroupDriver: config.cgroupDriver,
      },
      deps,
    );
  },
};

/**
 * Makes the backend of one handler.
 * @throws InvalidArgument for a backend that is not known, or options that it does not take.
 */
export function makeBackend(name: string, config: Config, deps: BackendDependencies): Backend {
  const {
    backend,
    cniConfDirectory: _cni,
    maxConcurrentCreations: _admission,
    createTimeoutSeconds: _create,
    callTimeoutSeconds: _call,
    ...options
  } = config.handlers[name] ?? { backend: '' };
  const make = BACKENDS[backend];
  if (make !== undefined) return make(name, options, config, deps);
  throw new RuntimeError(
    'InvalidArgument',
    `handlers.${name}.backend is '${backend}'; there are: ${Object.keys(BACKENDS).join(', ')}`,
  );
}
