/**
 * The measured parts of a pod's life, the same for all backends and in the order in which they happen.
 *
 * `queue`: waiting for a place among the handler's creations. `prepare`: namespaces, or what the network
 * attaches to. `boot`: a virtual machine, until its kernel runs a program. `restore`: the same of one that goes
 * on where another was saved. `ssh`: until it takes commands. `pool`: in place of these, that one which was
 * kept ready becomes the pod's. `sandbox_start`: the backend's whole start, these
 * included. `sandbox_create`: all of
 * RunPodSandbox but the queue. `image`: a pull for the pod. `image_copy`: into a store of the backend's own.
 */
export const PHASES = [
  'queue',
  'prepare',
  'network',
  'boot',
  'restore',
  'ssh',
  'pool',
  'sandbox_start',
  'sandbox_create',
  'image',
  'image_copy',
  'rootfs',
  'container_create',
  'container_start',
  'exec',
  'container_stop',
  'sandbox_stop',
  'network_detach',
] as const;

export type Phase = (typeof PHASES)[number];

/** Parts of a call that only the backend can tell apart. The hub measures all others itself. */
export type BackendPhase = 'boot' | 'restore' | 'ssh' | 'pool' | 'image_copy';

/** Durations in seconds. Absent: this call had no such part. */
export type BackendPhases = Readonly<Partial<Record<BackendPhase, number>>>;
