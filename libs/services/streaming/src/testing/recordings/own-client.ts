import type { Transport } from '../../stream-observer.ts';
import { ChannelClient } from '../channel-client.ts';
import { openConnection, PORT_FORWARD_PROTOCOLS } from '../port-forward-client.ts';
import { openCommand } from '../server-rig.ts';
import { SpdyClient } from '../spdy-client.ts';
import { openTunnel } from '../tunnel-client.ts';
import type { RecordedSession } from './recorded-sessions.ts';

const FIRST_SIZE = '100x30';
/** Of a WebSocket's channels. */
const CHANNEL = { stdin: 0, resize: 4 };
/** Any will do: nothing is dialled. */
const PORT = 8080;

/** What a client does for a command, whatever carries it. */
interface CommandInput {
  resize(size: string): void;
  write(text: string): void;
  end(): void;
  hangUp(): void;
}

/** Has a session as the clients of the other tests have theirs. @returns what ends the connection. */
export async function haveSession(
  session: RecordedSession,
  transport: Transport,
  url: string,
): Promise<() => void> {
  if (session.kind === 'portforward') return await forward(session, transport, url);
  const command = transport === 'spdy' ? await overSpdy(session, url) : await overWebSocket(url);
  const { input, inputEnded, size } = session.effect;
  if (size !== undefined) command.resize(FIRST_SIZE);
  if (input !== '') command.write(input);
  if (inputEnded) command.end();
  if (size !== undefined) command.resize(size);
  return () => command.hangUp();
}

async function overSpdy({ streams }: RecordedSession, url: string): Promise<CommandInput> {
  const { client, stdin, resize } = await openCommand(url, streams);
  return {
    resize: (size) => void resize.write(sizeMessage(size)),
    write: (text) => void stdin.write(text),
    end: () => stdin.end(),
    hangUp: () => void client.transport.destroy(),
  };
}

async function overWebSocket(url: string): Promise<CommandInput> {
  const client = await ChannelClient.connect(url, 'v5.channel.k8s.io');
  return {
    resize: (size) => void client.send(CHANNEL.resize, sizeMessage(size)),
    write: (text) => void client.send(CHANNEL.stdin, text),
    end: () => client.end(CHANNEL.stdin),
    hangUp: () => client.socket.terminate(),
  };
}

async function forward({ effect }: RecordedSession, transport: Transport, url: string): Promise<() => void> {
  const { client } =
    transport === 'spdy'
      ? await SpdyClient.connect(url, PORT_FORWARD_PROTOCOLS)
      : await openTunnel(url, 'SPDY/3.1+portforward.k8s.io');
  for (const [id, words] of effect.connections.entries()) {
    const { data } = await openConnection(client, PORT, String(id));
    data.write(words);
    data.end();
    await data.read();
  }
  return () => void client.transport.destroy();
}

const sizeMessage = (size: string): string => {
  const [width, height] = size.split('x').map(Number);
  return `${JSON.stringify({ Width: width, Height: height })}\n`;
};
