import { bindMount, changeMountAt, mountTmpfs, shareDirectory, unmountAt } from '../mounts/operations.ts';
import { bindMountOf, confineProcess, unmountUnderOf } from '../mounts/process-operations.ts';
import { mountOverlay } from '../mounts/overlay.ts';
import {
  bringInterfaceUp,
  listAddresses,
  openSocket,
  readInterfaceStatistics,
  setNetworkSysctls,
} from '../namespaces/network-operations.ts';
import {
  configureNamespaces,
  createNamespaces,
  pinNamespacesOf,
  unpinNamespace,
} from '../namespaces/operations.ts';

/**
 * All that the namespace worker can be asked for. Each runs to its end on the worker's thread, which is
 * back in its own namespaces afterwards.
 */
export const operations = {
  bindMount,
  bindMountOf,
  bringInterfaceUp,
  changeMountAt,
  configureNamespaces,
  confineProcess,
  createNamespaces,
  listAddresses,
  mountOverlay,
  mountTmpfs,
  openSocket,
  pinNamespacesOf,
  readInterfaceStatistics,
  setNetworkSysctls,
  shareDirectory,
  unmountAt,
  unmountUnderOf,
  unpinNamespace,
} as const;

export type Operations = typeof operations;
export type OperationName = keyof Operations;
export type OperationInput<Name extends OperationName> = Parameters<Operations[Name]>[0];
export type OperationOutput<Name extends OperationName> = ReturnType<Operations[Name]>;
