import { readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { isFullId, type SandboxId } from '@crihub/kernel';
import { commandLineOf, listPids, type ProcessRef, processRef } from '@crihub/linux';

/** What a shim is told of whose it is. */
export interface ShimOwner {
  readonly namespace: string;
  readonly socketPath: string;
}

/** A shim, by what it was started for first: a pod's own task, or else the first container of one. */
export interface ShimProcess extends ProcessRef {
  readonly id: SandboxId;
}

/** The shims of this containerd namespace that run here, not in some container with a containerd of its own. */
export async function listShims(owner: ShimOwner): Promise<readonly ShimProcess[]> {
  const found = await Promise.all((await listPids()).map((pid) => shimOf(pid, owner)));
  return found.filter((shim) => shim !== undefined);
}

async function shimOf(pid: number, owner: ShimOwner): Promise<ShimProcess | undefined> {
  const id = shimId(await commandLineOf(pid), owner);
  if (id === undefined) return undefined;
  const ref = await processRef(pid);
  if (ref === undefined) return undefined;
  return (await pidNamespaceOf(pid)) === (await pidNamespaceOf('self')) ? { ...ref, id } : undefined;
}

/** `undefined` if this is not the command line of a shim of ours, but for one of its short commands. */
export function shimId(words: readonly string[], owner: ShimOwner): SandboxId | undefined {
  const [program = '', ...flags] = words;
  if (!basename(program).startsWith('containerd-shim-')) return undefined;
  if (['start', 'delete'].includes(flags.at(-1) ?? '')) return undefined;
  const valueOf = (flag: string): string | undefined =>
    flags.includes(flag) ? flags[flags.indexOf(flag) + 1] : undefined;
  if (valueOf('-namespace') !== owner.namespace || valueOf('-address') !== owner.socketPath) return undefined;
  const id = valueOf('-id') ?? '';
  return isFullId(id) ? (id as SandboxId) : undefined;
}

const pidNamespaceOf = async (pid: number | 'self'): Promise<string> =>
  await readlink(`/proc/${String(pid)}/ns/pid`).catch(() => 'gone');
