import type { Config } from '@crihub/config';
import type { ImageService, RootFilesystems } from '@crihub/hub';
import type { Logger } from '@crihub/kernel';
import type { Cgroups, HostFacts, Mounts, NamespaceWorker, PinnedNamespaces } from '@crihub/linux';
import type { Metrics } from '@crihub/observability';
import type { ImageStore } from '@crihub/service-images';
import type { PodNetwork } from '@crihub/service-network';
import type { HandlerFactory } from './handler-factory.ts';
import { token } from './token.ts';

/** The keys of the composition root. */
export const CONFIG = token<Config>('Config');
export const LOGGER = token<Logger>('Logger');
export const METRICS = token<Metrics>('Metrics');
export const NAMESPACE_WORKER = token<NamespaceWorker>('NamespaceWorker');
export const NAMESPACES = token<PinnedNamespaces>('PinnedNamespaces');
export const MOUNTS = token<Mounts>('Mounts');
/** Found out at start-up, before anything that depends on them is made. */
export const HOST = token<HostFacts>('HostFacts');
export const CGROUPS = token<Cgroups>('Cgroups');
export const POD_NETWORK = token<PodNetwork>('PodNetwork');
export const IMAGE_STORE = token<ImageStore>('ImageStore');
export const IMAGES = token<ImageService>('ImageService');
export const ROOT_FILESYSTEMS = token<RootFilesystems>('RootFilesystems');
export const HANDLER_FACTORY = token<HandlerFactory>('HandlerFactory');
