// A terminal, npm and its shell each deliver one Ctrl-C, so one may arrive several times.
const REPEAT_MS = 500;

/** Somebody asked this process to stop. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
}

/**
 * Rejects with an InterruptedError at SIGINT or SIGTERM, for racing with work whose resources are then
 * released. A second signal ends this process at once.
 */
export function interruption(say: (line: string) => void): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  let first: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (first === undefined) say(`${signal}: stopping; once more to force it`);
    first ??= Date.now();
    reject(new InterruptedError(`stopped by ${signal}`));
    if (Date.now() - first > REPEAT_MS) process.exit(130);
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  // Whoever races with it hears of it; with nobody racing it is no accident.
  promise.catch(() => undefined);
  return promise;
}
