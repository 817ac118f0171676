import type { Container, Process } from '@crihub/contract';
import { MemoryRig } from '@crihub/contract-testkit';
import { RecordingLogger } from '@crihub/kernel/testing';
import type { StreamSelection } from '../remote-command/command-streams.ts';
import { type StreamingOptions, StreamingServer } from '../streaming-server.ts';
import { type ClientStream, SpdyClient } from './spdy-client.ts';

/** Everything but a terminal. */
export const ALL_STREAMS: StreamSelection = { stdin: true, stdout: true, stderr: true, terminal: false };

/** A command's streams, opened by a client. */
export interface CommandClient {
  readonly client: SpdyClient;
  readonly error: ClientStream;
  readonly stdin: ClientStream;
  readonly stdout: ClientStream;
  readonly stderr: ClientStream;
  readonly resize: ClientStream;
}

/** A streaming server in front of a container of the memory backend. */
export class ServerRig implements AsyncDisposable {
  readonly logger = new RecordingLogger();
  /** `opened exec spdy`, `closed exec spdy ok`, `refused 404` */
  readonly observed: string[] = [];
  readonly server: StreamingServer;
  readonly memory: MemoryRig;
  readonly container: Container;

  static async start(
    options: Partial<StreamingOptions> = {},
    process: Partial<Process> = { args: ['sleep', 'forever'] },
  ): Promise<ServerRig> {
    const memory = await MemoryRig.start();
    const signal = AbortSignal.timeout(5_000);
    const sandbox = await memory.makeSandbox();
    await memory.backend.sandboxes.prepare(sandbox, signal);
    await memory.backend.sandboxes.start(sandbox, undefined, signal);
    const container = await memory.makeContainer(sandbox, { process });
    await memory.backend.containers.create(container, sandbox, signal);
    await memory.backend.containers.start(container.id, signal);
    const rig = new ServerRig(options, memory, container);
    try {
      await rig.server.listen();
      return rig;
    } catch (error) {
      await rig[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(options: Partial<StreamingOptions>, memory: MemoryRig, container: Container) {
    this.memory = memory;
    this.container = container;
    const { logger, observed } = this;
    this.server = new StreamingServer(
      { address: { host: '127.0.0.1', port: 0 }, ...options },
      {
        logger,
        observer: {
          opened: (kind, transport) => observed.push(`opened ${kind} ${transport}`),
          closed: (kind, transport, _seconds, outcome) =>
            observed.push(`closed ${kind} ${transport} ${outcome}`),
          refused: (status) => observed.push(`refused ${String(status)}`),
        },
      },
    );
  }

  execUrl(args: readonly string[], streams: StreamSelection = ALL_STREAMS): string {
    const { terminal, stdin } = streams;
    return this.server.urlFor({
      kind: 'exec',
      streams,
      open: (signal) =>
        this.memory.backend.processes.exec(this.container.id, { args, terminal, stdin }, signal),
    });
  }

  attachUrl(
    options: { readonly detachAtEndOfInput: boolean },
    streams: StreamSelection = ALL_STREAMS,
  ): string {
    const { terminal, stdin } = streams;
    return this.server.urlFor({
      kind: 'attach',
      streams,
      ...options,
      open: (signal) => this.memory.backend.processes.attach(this.container.id, { terminal, stdin }, signal),
    });
  }

  warnings(): readonly string[] {
    return this.logger.lines.filter(({ level }) => level === 'warn').map(({ message }) => message);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close();
    await this.memory[Symbol.asyncDispose]();
  }
}

/** Opens the streams of a command as client-go does. */
export async function openCommand(
  url: string,
  streams: StreamSelection = ALL_STREAMS,
  protocols?: readonly string[],
): Promise<CommandClient> {
  const { client } = await SpdyClient.connect(url, protocols);
  const open = (streamType: string): Promise<ClientStream> => client.open({ streamtype: streamType });
  const none = new Proxy({}, { get: () => fail('that stream was not asked for') }) as ClientStream;
  const error = await open('error');
  const stdin = streams.stdin ? await open('stdin') : none;
  const stdout = streams.stdout ? await open('stdout') : none;
  const stderr = streams.stderr ? await open('stderr') : none;
  const resize = streams.terminal ? await open('resize') : none;
  return { client, error, stdin, stdout, stderr, resize };
}

function fail(message: string): never {
  throw new Error(message);
}
