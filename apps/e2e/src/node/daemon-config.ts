import path from 'node:path';
import type { BridgeNetwork, EngineName } from '@crihub/tool-fixtures';

/** A handler as the configuration has it: on a backend, or an experiment. */
export interface HandlerConfig {
  readonly backend?: string;
  readonly [option: string]: unknown;
}

export type Handlers = Readonly<Record<string, HandlerConfig>>;

/** The OCI runtimes that set-up installs, each a handler of its own name. */
export const OCI_RUNTIMES = ['runc', 'crun'] as const;

export interface DaemonConfigOptions {
  /** Takes the daemon's state, socket and everything else of it. */
  readonly directory: string;
  readonly network: BridgeNetwork;
  readonly certsDirectory: string;
  readonly handlers: Handlers;
  readonly defaultHandler: string;
  /** Where Prometheus metrics are served. */
  readonly metricsAddress: string;
  /** How long a network plugin may take. */
  readonly pluginTimeoutSeconds?: number;
  /** In place of `state` below the directory. */
  readonly stateDirectory?: string;
}

/** A handler that runs pods by this OCI runtime and pins their network namespaces below the directory. */
export const ociHandler = (
  directory: string,
  runtime: string,
  options: Readonly<Record<string, unknown>> = {},
): HandlerConfig => ({
  backend: 'runc',
  runtime,
  networkNamespaceDirectory: path.join(directory, 'netns'),
  ...options,
});

/** A handler that runs pods by the engine which listens there. */
export const engineHandler = (directory: string, engine: EngineName, socket: string): HandlerConfig => ({
  backend: engine,
  ...(engine === 'docker' ? { socket } : { socketPath: socket }),
  networkNamespaceDirectory: path.join(directory, 'netns'),
});

/** Where plugins connect. */
export const nriSocket = (directory: string): string => path.join(directory, 'nri.sock');

/** The daemon's configuration file; JSON is YAML. */
export const daemonConfig = (options: DaemonConfigOptions): string => {
  const { directory, network, certsDirectory, handlers, defaultHandler } = options;
  return JSON.stringify({
    socket: path.join(directory, 'crihub.sock'),
    stateDirectory: options.stateDirectory ?? path.join(directory, 'state'),
    runDirectory: path.join(directory, 'run'),
    metrics: { address: options.metricsAddress },
    nri: { socket: nriSocket(directory) },
    images: { registryConfigDirectory: certsDirectory },
    network: {
      confDirectory: network.configDirectory,
      binDirectories: [network.pluginDirectory],
      cacheDirectory: path.join(directory, 'cni-results'),
      pluginTimeoutSeconds: options.pluginTimeoutSeconds ?? 30,
    },
    handlers,
    defaultHandler,
  });
};
