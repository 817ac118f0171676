import type { BackendPhases, PodNetworkAttachment, Sandbox } from '@crihub/contract';
import { describeError, RuntimeError, withDeadline } from '@crihub/kernel';
import type { MachineOrigin } from './machine-origin.ts';
import type { Machine } from './machine.ts';
import { linkPod } from './pod-link.ts';

export interface BringUp {
  readonly origin: MachineOrigin;
  readonly sandbox: Sandbox;
  readonly network: PodNetworkAttachment | undefined;
  readonly networkNamespace: string;
  readonly timeoutMs: number;
}

/** Time for a guest that has booted before, in ms; then another machine is started. */
export const READY_MS = 12_000;
const CONSOLE_MS = 1_000;

/**
 * Makes a machine the pod's, its guest being there or on its way; tells how long the parts took.
 * @throws Unavailable with the end of the guest's console.
 */
export async function bringUp(machine: Machine, task: BringUp, signal: AbortSignal): Promise<BackendPhases> {
  try {
    const { origin, timeoutMs } = task;
    return await withDeadline('bringing up the machine', timeoutMs, signal, async (deadline) =>
      origin === 'pool'
        ? await join(machine, task, deadline)
        : await begin(machine, { ...task, origin }, deadline),
    );
  } catch (error) {
    throw await withConsole(machine, error, signal);
  }
}

/** Of a guest that has no identity yet. */
async function begin(
  machine: Machine,
  task: BringUp & { readonly origin: 'boot' | 'restore' },
  signal: AbortSignal,
): Promise<BackendPhases> {
  const start = performance.now();
  const [channel] = await Promise.all([machine.untilGreeted(task.origin, signal), link(task, signal)]);
  const booted = performance.now();
  await machine.logIn(channel, signal);
  const loggedIn = performance.now();
  await machine.setUp(task.sandbox, task.network, signal);
  return { [task.origin]: seconds(start, booted), ssh: seconds(booted, loggedIn) };
}

/** Of a guest that has an identity already. */
async function join(machine: Machine, task: BringUp, signal: AbortSignal): Promise<BackendPhases> {
  const start = performance.now();
  await Promise.all([machine.setUp(task.sandbox, task.network, signal), link(task, signal)]);
  return { pool: seconds(start, performance.now()) };
}

async function link({ network, networkNamespace }: BringUp, signal: AbortSignal): Promise<void> {
  if (network !== undefined) await linkPod(networkNamespace, network, signal);
}

async function withConsole(machine: Machine, error: unknown, signal: AbortSignal): Promise<unknown> {
  if (signal.aborted) return error;
  const text = await machine.console(AbortSignal.timeout(CONSOLE_MS)).catch(() => ''); // QEMU may be gone
  if (text.trim() === '') return error;
  const message = `${describeError(error)}; the guest's last words: ${text.trim()}`;
  return new RuntimeError('Unavailable', message, { reason: 'BootFailed', cause: error });
}

const seconds = (from: number, to: number): number => (to - from) / 1000;
