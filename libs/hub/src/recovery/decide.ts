import type { ContainerExit, InventoryContainer, InventorySandbox } from '@crihub/contract';
import type { ContainerPhase } from '../records/container-record.ts';
import type { SandboxPhase } from '../records/sandbox-record.ts';

/** What to do about a container, given what is written down and what the backend has. */
export type ContainerVerdict =
  | { readonly do: 'keep' }
  /** Half made, or half removed: finish removing it. */
  | { readonly do: 'remove' }
  /** It runs, and the record does not say so. */
  | { readonly do: 'markRunning'; readonly pid?: number }
  | { readonly do: 'markExited'; readonly exit: ContainerExit }
  /** It is gone, and nobody saw how. */
  | { readonly do: 'markLost'; readonly message: string };

export type SandboxVerdict =
  | { readonly do: 'keep' }
  | { readonly do: 'remove' }
  | { readonly do: 'markNotReady'; readonly message: string };

/**
 * The recovery table for containers. `found` is undefined if the backend has no trace of it; a backend
 * that did not answer is never asked about here.
 */
export function decideContainer(
  phase: ContainerPhase,
  found: InventoryContainer | undefined,
): ContainerVerdict {
  switch (phase) {
    case 'creating':
    case 'removing':
      return { do: 'remove' };
    case 'exited':
      return { do: 'keep' };
    case 'created':
    case 'running':
    case 'unknown':
      return decideLiving(phase, found);
  }
}

/** A guest's processes have no number on the host. */
export const pidOf = ({ pid }: { readonly pid?: number }): { readonly pid?: number } =>
  pid === undefined ? {} : { pid };

function decideLiving(
  phase: 'created' | 'running' | 'unknown',
  found: InventoryContainer | undefined,
): ContainerVerdict {
  switch (found?.state) {
    case 'running':
      return phase === 'running' ? { do: 'keep' } : { do: 'markRunning', ...pidOf(found) };
    case 'exited':
      return found.exit === undefined
        ? lost('it ended while nobody watched')
        : { do: 'markExited', exit: found.exit };
    case 'created':
      return phase === 'created'
        ? { do: 'keep' }
        : lost('it was running, and its backend has it as not started');
    case 'partial':
      return lost('only parts of it are left');
    case undefined:
      return lost('its backend no longer has it');
  }
}

/** The recovery table for pods. */
export function decideSandbox(phase: SandboxPhase, found: InventorySandbox | undefined): SandboxVerdict {
  switch (phase) {
    case 'creating':
    case 'removing':
      return { do: 'remove' };
    case 'notReady':
      return { do: 'keep' };
    case 'ready':
      if (found?.state === 'running') return { do: 'keep' };
      return { do: 'markNotReady', message: sandboxLoss(found) };
  }
}

function sandboxLoss(found: InventorySandbox | undefined): string {
  if (found === undefined) return 'its backend no longer has it';
  return found.state === 'stopped' ? 'it stopped by itself' : 'only parts of it are left';
}

const lost = (message: string): ContainerVerdict => ({ do: 'markLost', message });
