import type { Logger } from '@crihub/kernel';
import { STREAM_TYPE } from '../remote-command/spdy-command-streams.ts';
import type { HeaderFields } from '../spdy/header-block.ts';
import type { SpdyHandlers } from '../spdy/spdy-connection.ts';
import type { SpdyStream } from '../spdy/spdy-stream.ts';
import { type Dialler, forwardConnection } from './forward-connection.ts';
import { parsePort } from './port.ts';

export interface SpdyPortForwardOptions {
  readonly dial: Dialler;
  /** Time between the first and the second stream of a pair, in ms. */
  readonly creationTimeoutMs: number;
}

/** The two streams of one forwarded connection. */
interface Pair {
  error?: SpdyStream;
  data?: SpdyStream;
  readonly timer: NodeJS.Timeout;
}

type Kind = 'error' | 'data';

/** Forwards connections for a SPDY client: each is a pair of streams with the same request id. */
export class SpdyPortForward implements SpdyHandlers {
  readonly #options: SpdyPortForwardOptions;
  readonly #logger: Logger;
  readonly #signal: AbortSignal;
  readonly #pairs = new Map<string, Pair>();

  /** @param signal aborts when the client has gone. */
  constructor(options: SpdyPortForwardOptions, deps: { readonly logger: Logger }, signal: AbortSignal) {
    this.#options = options;
    this.#logger = deps.logger;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#forget(), { once: true });
  }

  refusal(headers: HeaderFields): string | undefined {
    const port = headers.get('port') ?? '';
    if (parsePort(port) === undefined) return `port is '${port}'; ports go from 1 to 65535`;
    const kind = kindOf(headers);
    return kind === undefined
      ? `streamtype is '${headers.get(STREAM_TYPE) ?? ''}'; it is error or data`
      : undefined;
  }

  opened(stream: SpdyStream): void {
    const kind = kindOf(stream.headers) ?? 'data';
    // Clients of before 2015 give no id; they open the data stream right after the error stream.
    const id =
      stream.headers.get('requestid') ?? `stream ${String(kind === 'data' ? stream.id - 2 : stream.id)}`;
    const pair = this.#pairs.get(id) ?? this.#begin(id);
    if (pair[kind] !== undefined) {
      this.#logger.warn('port-forward client opens a stream twice', { request: id, kind });
      stream.destroy();
      return;
    }
    pair[kind] = stream;
    if (kind === 'error') stream.resume(); // only we write to it
    const { data, error } = pair;
    if (data === undefined || error === undefined) return;
    clearTimeout(pair.timer);
    this.#pairs.delete(id);
    void this.#forward(data, error);
  }

  async #forward(data: SpdyStream, error: SpdyStream): Promise<void> {
    const port = parsePort(data.headers.get('port') ?? '') ?? 0;
    const complaint = await forwardConnection(data, port, this.#options.dial, this.#signal);
    if (complaint !== undefined) {
      this.#logger.debug('a port of a pod could not be reached', { port, reason: complaint });
      error.write(complaint);
    }
    error.end();
  }

  #begin(id: string): Pair {
    const timer = setTimeout(() => {
      const pair = this.#pairs.get(id);
      this.#pairs.delete(id);
      pair?.error?.end('the data stream of this connection was not opened in time');
      pair?.data?.destroy();
    }, this.#options.creationTimeoutMs);
    const pair: Pair = { timer };
    this.#pairs.set(id, pair);
    return pair;
  }

  #forget(): void {
    for (const { timer } of this.#pairs.values()) clearTimeout(timer);
    this.#pairs.clear();
  }
}

function kindOf(headers: HeaderFields): Kind | undefined {
  const kind = headers.get(STREAM_TYPE);
  return kind === 'error' || kind === 'data' ? kind : undefined;
}
