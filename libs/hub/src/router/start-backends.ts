import { describeError, type Logger, withDeadline } from '@crihub/kernel';
import type { Handler } from './handler.ts';

/** A backend that takes longer to start is left to reconnect by itself; the others do not wait for it. */
const BACKEND_START_MS = 15_000;

/** Starts backends side by side. One that fails is logged, and its health says why it takes no pods. */
export async function startBackends(
  handlers: readonly Handler[],
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(
    handlers.map(async ({ name, backend }) => {
      try {
        await withDeadline(`start of backend ${name}`, BACKEND_START_MS, signal, (deadline) =>
          backend.start(deadline),
        );
      } catch (error) {
        logger.error('a backend could not start; its handler takes no pods', {
          handler: name,
          error: describeError(error),
        });
      }
    }),
  );
}
