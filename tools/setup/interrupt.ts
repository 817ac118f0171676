// A terminal, npm and its shell each deliver one Ctrl-C, so one may arrive several times.
const REPEAT_MS = 500;

/**
 * Resolves at SIGINT or SIGTERM, or rejects if the daemon ends by itself before. A second signal ends this
 * process at once.
 */
export async function untilInterrupted(daemonExited: Promise<number>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let first: number | undefined;
  const onSignal = (): void => {
    first ??= Date.now();
    resolve();
    if (Date.now() - first > REPEAT_MS) process.exit(130);
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  await Promise.race([
    promise,
    daemonExited.then((code) => {
      throw new Error(`the daemon ended by itself with exit code ${String(code)}`);
    }),
  ]);
}
