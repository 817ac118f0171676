import type { ChannelConnection } from '../websocket/channel-connection.ts';
import type { CommandStreams, StreamSelection } from './command-streams.ts';
import { endStream } from './end-stream.ts';
import { encodeStatus, type Status } from './status.ts';

/** The channels of a command; the first three are numbered as its file descriptors. */
const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4 } as const;

export const COMMAND_CHANNELS = 5;

/** A command's streams on the channels of a WebSocket. Tells the client that they are there. */
export function webSocketCommandStreams(
  connection: ChannelConnection,
  selection: StreamSelection,
  version: number,
): CommandStreams {
  const selected = (name: 'stdin' | 'stdout' | 'stderr') =>
    selection[name] ? connection.channel(CHANNEL[name]) : undefined;
  const [stdin, stdout, stderr] = [selected('stdin'), selected('stdout'), selected('stderr')];
  const error = connection.channel(CHANNEL.error);
  // Older clients wait for the first message; it is on the first channel that we write to.
  connection.send((stdout ?? stderr ?? error).number, Buffer.alloc(0), () => undefined);
  const finish = async (status: Status): Promise<void> => {
    await Promise.all([stdout, stderr].map((channel) => endStream(channel, connection.ended)));
    const text = encodeStatus(status, version);
    if (text !== '') error.write(text);
    await endStream(error, connection.ended);
  };
  return { stdin, stdout, stderr, resize: connection.channel(CHANNEL.resize), finish };
}
