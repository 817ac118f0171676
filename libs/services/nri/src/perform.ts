import { describeError, type Logger } from '@crihub/kernel';
import type { PluginHost, Requests } from './model.ts';

/** Does what nobody waits for but a plugin. @returns the ids of the containers for which it failed. */
export async function perform(
  { updates, evictions }: Requests,
  host: Pick<PluginHost, 'update' | 'evict'>,
  logger: Logger,
): Promise<ReadonlySet<string>> {
  const failed = new Set<string>();
  const attempt = async (id: string, work: Promise<void>): Promise<void> => {
    try {
      await work;
    } catch (error) {
      failed.add(id);
      logger.warn('what an NRI plugin asked for failed', { container: id, error: describeError(error) });
    }
  };
  for (const update of updates) await attempt(update.id, host.update(update));
  for (const eviction of evictions) await attempt(eviction.id, host.evict(eviction));
  return failed;
}
