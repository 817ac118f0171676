import 'reflect-metadata';
import { join } from 'node:path';
import type { Config } from '@crihub/config';
import { type Logger, systemClock } from '@crihub/kernel';
import { Mounts, NamespaceWorker, PinnedNamespaces } from '@crihub/linux';
import { Metrics } from '@crihub/observability';
import { ImageStore, RootfsMounter } from '@crihub/service-images';
import { PodNetwork } from '@crihub/service-network';
import { CdiRegistry } from '@crihub/service-oci';
import { spawnProcess } from '@crihub/transport/process';
import { container as root, type DependencyContainer, instanceCachingFactory } from 'tsyringe';
import { HandlerFactory } from './handler-factory.ts';
import { NodeImages, NodeRootFilesystems } from './node-images.ts';
import { StoredImages } from './stored-images.ts';
import * as tokens from './tokens.ts';

/** The one place that says what is made of what. HOST, CGROUPS and HANDLER_FACTORY are registered once they are known. */
export function compose(config: Config, logger: Logger): DependencyContainer {
  const container = root.createChildContainer();
  const once = instanceCachingFactory;
  container.register(tokens.CONFIG, { useValue: config });
  container.register(tokens.LOGGER, { useValue: logger });
  container.register(tokens.METRICS, { useFactory: once(() => new Metrics()) });
  container.register(tokens.NAMESPACE_WORKER, { useFactory: once(() => new NamespaceWorker()) });
  container.register(tokens.NAMESPACES, {
    useFactory: once(
      (c) => new PinnedNamespaces({ worker: c.resolve(tokens.NAMESPACE_WORKER), spawn: spawnProcess }),
    ),
  });
  container.register(tokens.MOUNTS, {
    useFactory: once((c) => new Mounts({ worker: c.resolve(tokens.NAMESPACE_WORKER) })),
  });
  container.register(tokens.POD_NETWORK, { useFactory: once(() => makeNetwork(config, logger)) });
  container.register(tokens.IMAGE_STORE, { useFactory: once(() => makeImageStore(config, logger)) });
  container.register(tokens.IMAGES, {
    useFactory: once((c) => new NodeImages({ store: c.resolve(tokens.IMAGE_STORE) })),
  });
  container.register(tokens.ROOT_FILESYSTEMS, { useFactory: once(makeRootFilesystems) });
  return container;
}

function makeNetwork({ network, handlers }: Config, logger: Logger): PodNetwork {
  const timeoutMs = network.pluginTimeoutSeconds * 1000;
  return new PodNetwork(
    {
      confDirectory: network.confDirectory,
      handlerConfDirectories: Object.values(handlers).flatMap(
        ({ cniConfDirectory }) => cniConfDirectory ?? [],
      ),
      cni: {
        binDirectories: network.binDirectories,
        cacheDirectory: network.cacheDirectory,
        timeouts: { ADD: timeoutMs, DEL: timeoutMs, CHECK: timeoutMs, GC: timeoutMs },
      },
      ipPreference: network.ipPreference,
    },
    { logger },
  );
}

function makeImageStore({ images, stateDirectory }: Config, logger: Logger): ImageStore {
  return new ImageStore(
    {
      root: join(stateDirectory, 'images'),
      registry: {
        hostsDirectories: [images.registryConfigDirectory],
        credentialsFile: images.dockerConfigFile,
        stallTimeoutMs: images.stallTimeoutSeconds * 1000,
      },
      pinned: images.pinned,
      limits: { maxLayerBytes: images.maxLayerBytes, maxLayerEntries: images.maxLayerEntries },
      downloadsPerRegistry: images.maxConcurrentDownloads,
    },
    { logger, clock: systemClock },
  );
}

function makeRootFilesystems(c: DependencyContainer): NodeRootFilesystems {
  const store = c.resolve(tokens.IMAGE_STORE);
  const mounter = new RootfsMounter(
    { emptyDirectory: store.emptyDirectory },
    { mounts: c.resolve(tokens.MOUNTS) },
  );
  return new NodeRootFilesystems({ store, mounter });
}

/** What makes the handlers; HOST and CGROUPS are known. */
export function makeHandlerFactory(c: DependencyContainer): HandlerFactory {
  return new HandlerFactory({
    network: c.resolve(tokens.POD_NETWORK),
    backend: {
      logger: c.resolve(tokens.LOGGER),
      clock: systemClock,
      host: c.resolve(tokens.HOST),
      cgroups: c.resolve(tokens.CGROUPS),
      namespaces: c.resolve(tokens.NAMESPACES),
      mounts: c.resolve(tokens.MOUNTS),
      worker: c.resolve(tokens.NAMESPACE_WORKER),
      images: new StoredImages({ store: c.resolve(tokens.IMAGE_STORE) }),
      cdi: new CdiRegistry(),
    },
  });
}
