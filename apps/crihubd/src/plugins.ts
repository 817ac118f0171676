import type { Config } from '@crihub/config';
import type { Hub, HubOptions } from '@crihub/hub';
import { describeError, type Logger } from '@crihub/kernel';
import { NriSocket } from '@crihub/service-nri';

export const pluginTimeouts = ({ nri }: Config): HubOptions['plugins'] => ({
  registrationTimeoutMs: nri.registrationTimeoutSeconds * 1000,
  requestTimeoutMs: nri.requestTimeoutSeconds * 1000,
});

/** Lets plugins in. A node has one such socket; if another runtime serves there, plugins don't see this one's pods. */
export async function servePlugins(
  hub: Pick<Hub, 'nri'>,
  { nri: { socket } }: Config,
  logger: Logger,
  owned: AsyncDisposableStack,
): Promise<void> {
  if (socket === 'off') return;
  try {
    const plugins = await NriSocket.listen({ path: socket }, hub.nri);
    owned.defer(async () => await plugins.close());
  } catch (error) {
    logger.error("NRI plugins can't connect; choose another nri.socket, or 'off'", {
      socket,
      error: describeError(error),
    });
  }
}
