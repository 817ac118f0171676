import { UpgradeRefusal } from '../http/negotiation.ts';
import type { ChannelConnection } from '../websocket/channel-connection.ts';
import { type Dialler, forwardConnection } from './forward-connection.ts';
import { parsePort } from './port.ts';

/** Ports of one connection; their channels must be single digits or bytes below the close signal. */
const MAX_PORTS = 100;

/** The ports of the URL's query: `?port=80&port=8080,9090`. @throws UpgradeRefusal 400 */
export function portsOf(url: string): readonly number[] {
  const texts = new URL(url, 'http://crihub').searchParams.getAll('port').flatMap((text) => text.split(','));
  if (texts.length === 0 || texts.length > MAX_PORTS) {
    throw new UpgradeRefusal(
      400,
      `the query names ${String(texts.length)} ports; 1 to ${String(MAX_PORTS)} are possible`,
    );
  }
  return texts.map((text) => {
    const port = parsePort(text);
    if (port === undefined) throw new UpgradeRefusal(400, `port is '${text}'; ports go from 1 to 65535`);
    return port;
  });
}

/**
 * Forwards one connection to each port: data on channel 2n, an error as text on 2n+1. Each channel begins
 * with its port, as a little-endian 16-bit number. Resolves when all of them are over.
 */
export async function forwardChannels(
  connection: ChannelConnection,
  ports: readonly number[],
  dial: Dialler,
  signal: AbortSignal,
): Promise<void> {
  const forward = async (port: number, index: number): Promise<void> => {
    const [data, error] = [connection.channel(index * 2), connection.channel(index * 2 + 1)];
    const number = Buffer.alloc(2);
    number.writeUInt16LE(port);
    data.write(number);
    error.write(number);
    const complaint = await forwardConnection(data, port, dial, signal);
    if (complaint !== undefined) error.write(complaint);
  };
  await Promise.all(ports.map(forward));
}
