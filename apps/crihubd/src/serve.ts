import type { Config } from '@crihub/config';
import { describeError, type Logger } from '@crihub/kernel';
import { Daemon } from './daemon.ts';

/**
 * Runs the daemon until SIGTERM or SIGINT, then drains; a second signal cuts the drain short, a third one
 * ends the process where it stands.
 * @param file where the configuration is from, to be named with what is wrong.
 * @returns the exit code.
 */
export async function serve(config: Config, file: string, logger: Logger): Promise<number> {
  const interrupted = new AbortController();
  const signals = { count: 0 };
  const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
  let daemon: Daemon | undefined;
  const onSignal = (): void => {
    signals.count += 1;
    interrupted.abort();
    ask();
    if (signals.count === 2)
      void daemon?.force().catch((error: unknown) => logger.error('forced stop', { error }));
    if (signals.count >= 3) process.exit(1);
  };
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, onSignal);
  process.on('unhandledRejection', (error) => {
    // State is written before and after each act, so that dying here loses nothing.
    logger.error('unhandled rejection; exiting', {
      error: describeError(error),
      stack: (error as Error).stack,
    });
    process.exit(1);
  });
  try {
    daemon = await Daemon.start(config, logger, interrupted.signal);
    await asked;
    await daemon.stop();
    return 0;
  } catch (error) {
    logger.error('crihubd can not run', { configuration: file, error: describeError(error) });
    return 1;
  }
}
