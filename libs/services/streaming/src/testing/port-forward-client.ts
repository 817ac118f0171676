import type { ClientStream, SpdyClient } from './spdy-client.ts';

export const PORT_FORWARD_PROTOCOLS = ['portforward.k8s.io'];

/** One forwarded connection: its bytes, and what is to say if there is none. */
export interface ForwardedConnection {
  readonly data: ClientStream;
  readonly error: ClientStream;
}

/** The two streams of a connection, opened as client-go does; clients of before 2015 give no id. */
export async function openConnection(
  client: SpdyClient,
  port: number | string,
  id?: string,
): Promise<ForwardedConnection> {
  const headers = { port: String(port), ...(id === undefined ? {} : { requestid: id }) };
  const error = await client.open({ ...headers, streamtype: 'error' });
  error.end();
  return { error, data: await client.open({ ...headers, streamtype: 'data' }) };
}
