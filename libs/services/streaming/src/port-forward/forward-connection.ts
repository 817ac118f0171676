import { type Duplex, finished } from 'node:stream';
import { describeError, errnoCode } from '@crihub/kernel';

/** Connects to a port inside a pod. */
export type Dialler = (port: number, signal: AbortSignal) => Promise<Duplex>;

/**
 * Joins a client's stream with a port of the pod, until both directions have ended or either side broke.
 * @returns what to tell the client if the port can't be reached; a connection that breaks later just ends.
 */
export async function forwardConnection(
  client: Duplex,
  port: number,
  dial: Dialler,
  signal: AbortSignal,
): Promise<string | undefined> {
  let server: Duplex;
  try {
    server = await dial(port, signal);
  } catch (error) {
    if (errnoCode(error) === 'ECONNRESET') {
      client.destroy(); // somebody listens, and did not want this one
      return undefined;
    }
    client.resume();
    client.end();
    return `can't connect to port ${String(port)} of the pod: ${describeError(error)}`;
  }
  const abort = (): void => void server.destroy();
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  client.pipe(server);
  server.pipe(client);
  await Promise.all([over(client, server), over(server, client)]);
  signal.removeEventListener('abort', abort);
  return undefined;
}

/** Resolves when both directions of a stream have ended. If it breaks before that, so does the other one. */
async function over(stream: Duplex, other: Duplex): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  finished(stream, (error) => {
    if (error) other.destroy();
    resolve();
  });
  await promise;
}
