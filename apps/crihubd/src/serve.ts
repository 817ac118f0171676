import { describeError, type Logger } from '@crihub/kernel';
import { type ConfigSource, Daemon, type LevelledLogger } from './daemon.ts';
import { packageOf } from './outside/loaded-packages.ts';
import { ServiceManager } from './service-manager.ts';

/**
 * Runs the daemon until SIGTERM or SIGINT, then drains; a second signal cuts the drain short, a third one
 * ends the process where it stands. SIGHUP reads the configuration again.
 * @param file where the configuration is from, to be named with what is wrong.
 * @returns the exit code.
 */
export async function serve(source: ConfigSource, file: string, logger: LevelledLogger): Promise<number> {
  using manager = new ServiceManager(process.env, { logger });
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
  for (const event of ['unhandledRejection', 'uncaughtException'] as const)
    process.on(event, (error: unknown) => onStrayError(error, logger));
  try {
    daemon = await Daemon.start(source, logger, interrupted.signal);
    // The reloader has logged what is wrong.
    process.on('SIGHUP', () => void daemon?.reload().catch(() => undefined));
    manager.ready('serving');
    await asked;
    manager.stopping();
    await daemon.stop();
    return 0;
  } catch (error) {
    logger.error('crihubd can not run', { configuration: file, error: describeError(error) });
    return 1;
  }
}

/** An error that nobody caught. One that arose in a package of somebody else's ends nobody but its own work. */
function onStrayError(error: unknown, logger: Logger): void {
  const fields = { error: describeError(error), stack: error instanceof Error ? error.stack : undefined };
  const owner = packageOf(error);
  if (owner !== undefined) {
    logger.error('a backend package let an error go uncaught; going on', { package: owner, ...fields });
    return;
  }
  // State is written before and after each act, so that dying here loses nothing.
  logger.error('uncaught error; exiting', fields);
  process.exit(1);
}
