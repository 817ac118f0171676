import { closeSync, openSync, rmSync } from 'node:fs';
import { RuntimeError } from '@crihub/kernel';
import { bindFile, unmountAt } from '../mounts/operations.ts';
import {
  type NamespaceType,
  ownNamespacePath,
  setInterfaceUp,
  sethostname,
  unshare,
} from '../syscalls/namespaces.ts';
import { enterPinned, inOtherNamespaces } from './thread-namespaces.ts';
import { type Sysctls, writeSysctls } from './sysctls.ts';

/** Where namespaces are pinned, and what is set in them. */
export interface NamespaceSet {
  /** Its loopback interface is brought up. */
  readonly net?: string | undefined;
  readonly ipc?: string | undefined;
  readonly uts?: { readonly path: string; readonly hostname: string } | undefined;
  /** Written in the namespaces; each must belong to one of those named here. */
  readonly sysctls?: Sysctls | undefined;
}

interface Pin {
  readonly type: NamespaceType | 'user';
  readonly path: string;
}

/** Makes new namespaces, configures them, and binds them to files that must not exist yet. All or nothing. */
export function createNamespaces(set: NamespaceSet): void {
  const pins = pinsOf(set);
  const types = pins.map(({ type }) => type);
  withPinFiles(pins, () =>
    inOtherNamespaces(
      types,
      () => unshare(types),
      () => {
        configure(set, types);
        for (const { type, path } of pins) bindFile(ownNamespacePath(type), path);
      },
    ),
  );
}

/** Configures namespaces that are pinned already. */
export function configureNamespaces(set: NamespaceSet): void {
  const pins = pinsOf(set);
  const types = pins.map(({ type }) => type);
  const enter = (): void => {
    for (const { path, type } of pins) enterPinned(path, type);
  };
  inOtherNamespaces(types, enter, () => configure(set, types));
}

/** Binds the namespaces of a process to files that must not exist yet. All or nothing. */
export function pinNamespacesOf({
  pid,
  pins,
}: {
  readonly pid: number;
  readonly pins: readonly Pin[];
}): void {
  withPinFiles(pins, () => {
    for (const { type, path } of pins) bindFile(`/proc/${String(pid)}/ns/${type}`, path);
  });
}

/** Lets go of a pinned namespace and removes its file; does nothing if there is none. */
export function unpinNamespace(path: string): void {
  unmountAt({ target: path, detach: true });
  rmSync(path, { force: true });
}

export function pinsOf({ net, ipc, uts }: NamespaceSet): readonly { type: NamespaceType; path: string }[] {
  return [
    ...(net === undefined ? [] : [{ type: 'net' as const, path: net }]),
    ...(ipc === undefined ? [] : [{ type: 'ipc' as const, path: ipc }]),
    ...(uts === undefined ? [] : [{ type: 'uts' as const, path: uts.path }]),
  ];
}

function configure(set: NamespaceSet, types: readonly NamespaceType[]): void {
  if (set.uts !== undefined) sethostname(set.uts.hostname);
  if (set.net !== undefined) setInterfaceUp('lo');
  writeSysctls(set.sysctls ?? {}, types);
}

function withPinFiles(pins: readonly Pin[], work: () => void): void {
  const made: string[] = [];
  try {
    for (const { path } of pins) {
      createPinFile(path);
      made.push(path);
    }
    work();
  } catch (error) {
    for (const path of made) unpinNamespace(path);
    throw error;
  }
}

function createPinFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o444));
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')) throw cause;
    throw new RuntimeError('AlreadyExists', `a namespace can't be pinned at ${path}: the file exists`, {
      cause,
    });
  }
}
