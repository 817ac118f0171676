import { ChannelClient } from './channel-client.ts';
import { SpdyClient } from './spdy-client.ts';

export interface RemoteCommandOptions {
  readonly transport: 'spdy' | 'websocket';
  /** Its standard input; the URL must be for a command with one, if and only if there is one. */
  readonly input?: AsyncIterable<Buffer> | Iterable<Buffer>;
  /** Gets its standard output. */
  readonly output: (bytes: Buffer) => void;
}

const STDIN = 0;
const STDOUT = 1;
const ERROR = 3;

/** Is the client of a command without a terminal and without stderr, to its end. @returns its Status as JSON */
export async function runRemoteCommand(url: string, options: RemoteCommandOptions): Promise<string> {
  return await (options.transport === 'spdy' ? overSpdy(url, options) : overWebSocket(url, options));
}

async function overSpdy(url: string, { input, output }: RemoteCommandOptions): Promise<string> {
  const { client } = await SpdyClient.connect(url, ['v4.channel.k8s.io']);
  const kinds = ['error', ...(input === undefined ? [] : ['stdin']), 'stdout'];
  const streams = kinds.map((streamtype) => client.begin({ streamtype }));
  const [error, stdout] = [streams[0], streams.at(-1)];
  const stdin = input === undefined ? undefined : streams[1];
  stdout?.consume(output);
  await Promise.all(streams.map(({ replied }) => replied.promise));
  for await (const chunk of input ?? []) await stdin?.send(chunk);
  stdin?.end();
  const status = (await error?.read()) ?? '';
  await stdout?.ended.promise;
  await client.closed;
  return status;
}

async function overWebSocket(url: string, { input, output }: RemoteCommandOptions): Promise<string> {
  const client = await ChannelClient.connect(url, 'v5.channel.k8s.io');
  client.consume(STDOUT, output);
  for await (const chunk of input ?? []) await client.send(STDIN, chunk);
  if (input !== undefined) client.end(STDIN);
  await client.closed;
  return client.received[ERROR] ?? '';
}
