import { describeError, type Logger } from '@crihub/kernel';

/**
 * A figure that may fail without costing the answer that it is part of: a failure is logged and the figure
 * is absent. @throws the signal's reason once it has aborted.
 */
export async function attempt<T>(
  { logger, what, id }: { readonly logger: Logger; readonly what: string; readonly id: string },
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    signal?.throwIfAborted();
    logger.warn('a figure of the statistics is missing', { what, id, error: describeError(error) });
    return undefined;
  }
}
