/** The measured parts of a pod's life, the same for all backends. */
export type Phase =
  | 'queue'
  | 'prepare'
  | 'network'
  | 'sandbox_start'
  | 'rootfs'
  | 'container_create'
  | 'container_start'
  | 'container_stop'
  | 'exec'
  | 'network_detach'
  | 'sandbox_stop';

/** Receives durations; implemented by the metrics. */
export interface PhaseObserver {
  observe(handler: string, phase: Phase, seconds: number, outcome: 'ok' | 'error'): void;
}

/** Runs one phase and tells how long it took and how it ended. */
export async function timed<T>(
  observer: PhaseObserver,
  handler: string,
  phase: Phase,
  work: () => Promise<T>,
): Promise<T> {
  const start = performance.now();
  const tell = (outcome: 'ok' | 'error'): void =>
    observer.observe(handler, phase, (performance.now() - start) / 1000, outcome);
  try {
    const result = await work();
    tell('ok');
    return result;
  } catch (error) {
    tell('error');
    throw error;
  }
}
