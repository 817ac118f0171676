import { once } from 'node:events';
import type { ClientReadableStream } from '@grpc/grpc-js';
import { status as codes } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { RuntimeError, sleep } from '@crihub/kernel';
import {
  GetEventsRequest,
  StreamContainersRequest,
  StreamContainersResponse,
  StreamImagesRequest,
  StreamImagesResponse,
} from '@crihub/wire/cri';
import type { CallContext } from './call-context.ts';
import { EncodedResponse } from './encoded-response.ts';
import { TestServer } from './testing/test-server.ts';

const part = (id: string): StreamContainersResponse =>
  StreamContainersResponse.create({ containers: [{ id }] });

const containers = (test: TestServer): ClientReadableStream<StreamContainersResponse> =>
  test.runtime.streamContainers(StreamContainersRequest.create());

async function idsOf(stream: ClientReadableStream<StreamContainersResponse>): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const message of stream) {
    ids.push(...(message as StreamContainersResponse).containers.map(({ id }) => id));
  }
  return ids;
}

describe('a server stream', () => {
  it('delivers every message in order, encoded ones included, and ends', async () => {
    await using test = await TestServer.start({
      runtime: {
        async *StreamContainers() {
          yield part('a');
          yield new EncodedResponse(Buffer.from(StreamContainersResponse.encode(part('b')).finish()));
          yield part('c');
        },
      },
    });
    expect(await idsOf(containers(test))).toEqual(['a', 'b', 'c']);
    expect(test.observer.ended).toEqual(['StreamContainers OK']);
  });

  it('delivers what came before a failure, then its status', async () => {
    await using test = await TestServer.start({
      runtime: {
        async *StreamContainers() {
          yield part('a');
          throw new RuntimeError('Unavailable', 'the records are being read');
        },
      },
    });
    const stream = containers(test);
    const seen: unknown[] = [];
    stream.on('data', (message) => seen.push(message));
    const [error] = (await once(stream, 'error').catch((cause: unknown) => [cause])) as [unknown];
    expect(error).toMatchObject({ code: codes.UNAVAILABLE, details: 'the records are being read' });
    expect(seen).toEqual([part('a')]);
  });

  it('asks the handler for no more than a slow reader takes', async () => {
    const size = 64 * 1024;
    const total = 500;
    let produced = 0;
    await using test = await TestServer.start({
      image: {
        async *StreamImages() {
          for (; produced < total; produced += 1) {
            yield StreamImagesResponse.create({ images: [{ id: 'x'.repeat(size) }] });
          }
        },
      },
    });
    const stream = test.image.streamImages(StreamImagesRequest.create());
    stream.pause();
    await once(stream, 'readable');
    await sleep(300);
    const whilePaused = produced;
    await sleep(300);
    expect(produced).toBe(whilePaused);
    expect(whilePaused).toBeLessThan(total / 2);
    let received = 0;
    for await (const _message of stream) received += 1;
    expect([received, produced]).toEqual([total, total]);
  });

  it('ends the handler, `finally` included, when the client cancels while it waits', async () => {
    const { promise: ended, resolve } = Promise.withResolvers<unknown>();
    await using test = await TestServer.start({
      runtime: {
        async *GetContainerEvents(_request, { signal }) {
          try {
            await sleep(60_000, signal);
          } finally {
            resolve(signal.reason);
          }
        },
      },
    });
    const stream = test.runtime.getContainerEvents(GetEventsRequest.create());
    stream.on('error', () => undefined);
    await expect.poll(() => test.observer.startedMethods).toEqual(['GetContainerEvents']);
    stream.cancel();
    expect(await ended).toMatchObject({ kind: 'Cancelled' });
    await expect.poll(() => test.observer.ended).toEqual(['GetContainerEvents Cancelled']);
  });

  it('ends the handler when the client cancels while a message waits for it', async () => {
    const { promise: ended, resolve } = Promise.withResolvers<string>();
    await using test = await TestServer.start({
      image: {
        async *StreamImages() {
          try {
            for (;;) yield StreamImagesResponse.create({ images: [{ id: 'x'.repeat(1024 * 1024) }] });
          } finally {
            resolve('ended');
          }
        },
      },
    });
    const stream = test.image.streamImages(StreamImagesRequest.create());
    stream.on('error', () => undefined);
    await once(stream, 'readable');
    await sleep(100);
    stream.cancel();
    expect(await ended).toBe('ended');
  });

  it('keeps no listener on its signal for messages that are sent', async () => {
    const { promise: done, resolve } = Promise.withResolvers<CallContext>();
    const warnings: Error[] = [];
    const onWarning = (warning: Error): number => warnings.push(warning);
    process.on('warning', onWarning);
    await using test = await TestServer.start({
      runtime: {
        async *StreamContainers(_request, context) {
          for (let index = 0; index < 200; index += 1) yield part(String(index));
          resolve(context);
        },
      },
    });
    expect(await idsOf(containers(test))).toHaveLength(200);
    await done;
    await sleep(10);
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });
});
