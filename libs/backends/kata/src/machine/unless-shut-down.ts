import { RuntimeError } from '@crihub/kernel';
import type { QmpConnection } from '@crihub/transport/qmp';

/** What is waited for of a guest that boots. @throws Unavailable once the guest has shut down, or has panicked. */
export async function unlessShutDown<T>(qmp: Pick<QmpConnection, 'shutDown'>, work: Promise<T>): Promise<T> {
  const failed = qmp.shutDown.then((): never => {
    throw new RuntimeError('Unavailable', 'the guest shut down while it booted', { reason: 'BootFailed' });
  });
  return await Promise.race([work, failed]);
}
