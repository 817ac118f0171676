import { readFile } from 'node:fs/promises';
import type { Config } from '@crihub/config';
import { describeError, type Logger, RuntimeError } from '@crihub/kernel';
import type { Metrics } from '@crihub/observability';
import { selfSignedIdentity, StreamingServer, type TlsIdentity } from '@crihub/service-streaming';
import { namesOfNode } from './names-of-node.ts';

/** The streaming server as configured; it does not listen yet. @throws FailedPrecondition for unreadable TLS files. */
export async function makeStreaming(
  { streaming }: Config,
  metrics: Metrics,
  logger: Logger,
): Promise<StreamingServer> {
  const separator = streaming.address.lastIndexOf(':');
  const host = streaming.address.slice(0, separator).replace(/^\[|\]$/g, '');
  const tls = await identity(streaming, host);
  return new StreamingServer(
    {
      address: { host, port: Number(streaming.address.slice(separator + 1)) },
      idleTimeoutMs: streaming.idleTimeoutSeconds * 1000,
      creationTimeoutMs: streaming.creationTimeoutSeconds * 1000,
      ...(streaming.advertisedUrl === undefined ? {} : { advertisedUrl: streaming.advertisedUrl }),
      ...(tls === undefined ? {} : { tls }),
    },
    { logger, observer: metrics.streams },
  );
}

async function identity(streaming: Config['streaming'], host: string): Promise<TlsIdentity | undefined> {
  switch (streaming.tls) {
    case 'off':
      return undefined;
    case 'selfSigned':
      return await selfSignedIdentity(namesOfNode(host, streaming.advertisedUrl));
    case 'files':
      return { cert: await readPem(streaming.certificateFile), key: await readPem(streaming.keyFile) };
  }
}

async function readPem(file = ''): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new RuntimeError('FailedPrecondition', `streaming: can't read ${file}: ${describeError(cause)}`, {
      cause,
    });
  }
}
