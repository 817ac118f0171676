import { status as codes } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { ERROR_KINDS, RuntimeError } from '@crihub/kernel';
import {
  CheckpointContainerRequest,
  ExecSyncRequest,
  ExecSyncResponse,
  ImageServiceService,
  ListContainersRequest,
  ListContainersResponse,
  RuntimeServiceService,
  VersionRequest,
  VersionResponse,
} from '@crihub/wire/cri';
import type { CallContext } from './call-context.ts';
import { EncodedResponse } from './encoded-response.ts';
import { ask, TestServer } from './testing/test-server.ts';

const MIB = 1024 * 1024;
const execRequest = (cmd: readonly string[] = []): ExecSyncRequest => ExecSyncRequest.create({ cmd });

/** Resolves when the signal aborts, with its reason. */
const aborted = ({ signal }: CallContext): Promise<unknown> =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(signal.reason), { once: true });
  });

const failing = (error: unknown) =>
  TestServer.start({
    runtime: {
      Version: async () => {
        throw error;
      },
    },
  });

describe('a unary call', () => {
  it('gets what the handler answers, and the handler the request', async () => {
    await using test = await TestServer.start({
      runtime: {
        Version: async ({ version }, { method, deadlineMs }) =>
          VersionResponse.create({ version, runtimeName: `${method} ${String(deadlineMs)}` }),
      },
    });
    const answer = await ask(test.runtime, RuntimeServiceService.version, { version: '0.1.0' });
    expect(answer).toMatchObject({ version: '0.1.0', runtimeName: 'Version undefined' });
  });

  it.each([...Object.values(RuntimeServiceService), ...Object.values(ImageServiceService)])(
    'reaches the handler of $path',
    async ({ path }) => {
      const name = path.split('/').at(-1) ?? '';
      await using test = await TestServer.start();
      const client = path.includes('ImageService') ? test.image : test.runtime;
      const pass = (bytes: Buffer): Buffer => bytes;
      const call = client.makeServerStreamRequest(path, pass, pass, Buffer.alloc(0));
      const error = await new Promise((resolve) => call.once('error', resolve));
      expect(error).toMatchObject({ code: codes.UNIMPLEMENTED, details: `${name} is not for this test` });
    },
  );

  it('answers with bytes that are encoded already as they are', async () => {
    const bytes = Buffer.from(
      ListContainersResponse.encode(
        ListContainersResponse.create({ containers: [{ id: 'a', createdAt: 5n }, { id: 'b' }] }),
      ).finish(),
    );
    await using test = await TestServer.start({
      runtime: { ListContainers: async () => new EncodedResponse(bytes) },
    });
    const { containers } = await ask(
      test.runtime,
      RuntimeServiceService.listContainers,
      ListContainersRequest.create(),
    );
    expect(containers.map(({ id, createdAt }) => [id, createdAt])).toEqual([
      ['a', 5n],
      ['b', 0n],
    ]);
  });

  it('takes and gives messages of nearly 16 MiB', async () => {
    await using test = await TestServer.start({
      runtime: {
        ExecSync: async ({ cmd }) => ExecSyncResponse.create({ stdout: Buffer.from(cmd[0] ?? '') }),
      },
    });
    const big = 'x'.repeat(16 * MIB - 64);
    const { stdout } = await ask(test.runtime, RuntimeServiceService.execSync, execRequest([big]));
    expect(stdout.length).toBe(big.length);
  });

  it('refuses a request above 16 MiB and serves the next one', async () => {
    await using test = await TestServer.start({
      runtime: { ExecSync: async () => ExecSyncResponse.create() },
    });
    const tooBig = ask(test.runtime, RuntimeServiceService.execSync, execRequest(['x'.repeat(17 * MIB)]));
    await expect(tooBig).rejects.toMatchObject({ code: codes.RESOURCE_EXHAUSTED });
    await expect(ask(test.runtime, RuntimeServiceService.execSync, execRequest())).resolves.toBeDefined();
  });

  it('is refused when its bytes are no message', async () => {
    await using test = await TestServer.start({ runtime: { Version: async () => VersionResponse.create() } });
    const rubbish = Buffer.from([0x0a, 0xff]); // a string longer than the message
    const answer = new Promise((resolve, reject) => {
      test.runtime.makeUnaryRequest(
        RuntimeServiceService.version.path,
        () => rubbish,
        (bytes: Buffer) => bytes,
        rubbish,
        (error, value) => (error === null ? resolve(value) : reject(error)),
      );
    });
    await expect(answer).rejects.toMatchObject({
      code: codes.INVALID_ARGUMENT,
      details: expect.stringContaining(
        "can't decode the request of /runtime.v1.RuntimeService/Version",
      ) as string,
    });
    expect(test.observer.ended).toEqual(['Version InvalidArgument']);
  });

  it('fails with a sentence when the answer does not fit its type', async () => {
    await using test = await TestServer.start({
      runtime: {
        ListContainers: async () => ListContainersResponse.create({ containers: [{ createdAt: 2n ** 70n }] }),
      },
    });
    await expect(
      ask(test.runtime, RuntimeServiceService.listContainers, ListContainersRequest.create()),
    ).rejects.toMatchObject({
      code: codes.INTERNAL,
      details: expect.stringContaining("can't encode the response of") as string,
    });
    expect(test.logger.lines.at(-1)).toMatchObject({ level: 'error' });
  });

  it('keeps `this` of a handler object', async () => {
    class Versions {
      readonly #name = 'crihub';
      async Version(): Promise<VersionResponse> {
        return VersionResponse.create({ runtimeName: this.#name });
      }
    }
    const versions = new Versions();
    await using test = await TestServer.start({ runtime: { Version: () => versions.Version() } });
    const answer = await ask(test.runtime, RuntimeServiceService.version, VersionRequest.create());
    expect(answer.runtimeName).toBe('crihub');
  });
});

describe('a rejection', () => {
  const CODES = {
    NotFound: 5,
    InvalidArgument: 3,
    AlreadyExists: 6,
    FailedPrecondition: 9,
    PermissionDenied: 7,
    Unavailable: 14,
    DeadlineExceeded: 4,
    Cancelled: 1,
    Unimplemented: 12,
    ResourceExhausted: 8,
    Internal: 13,
  };

  it.each(ERROR_KINDS)('of kind %s has its code, and the causes as its message', async (kind) => {
    const cause = new Error('the disk is full');
    await using test = await failing(new RuntimeError(kind, `can't run it`, { cause }));
    await expect(ask(test.runtime, RuntimeServiceService.version, { version: '' })).rejects.toMatchObject({
      code: CODES[kind],
      details: "can't run it: the disk is full",
    });
    expect(test.observer.ended).toEqual([`Version ${kind}`]);
  });

  it.each([
    ['an error that is not ours', new TypeError('x is not a function'), 'x is not a function'],
    ['what is no error at all', 'rubbish', 'rubbish'],
  ])('with %s is Internal', async (_, error, details) => {
    await using test = await failing(error);
    await expect(ask(test.runtime, RuntimeServiceService.version, { version: '' })).rejects.toMatchObject({
      code: codes.INTERNAL,
      details,
    });
  });

  it('with a well-known reason begins with it, wherever in the chain it stands', async () => {
    const cause = new RuntimeError('Unavailable', 'connection refused', { reason: 'RegistryUnavailable' });
    await using test = await failing(new RuntimeError('Unavailable', "can't pull x", { cause }));
    await expect(ask(test.runtime, RuntimeServiceService.version, { version: '' })).rejects.toMatchObject({
      details: "RegistryUnavailable: can't pull x: connection refused",
    });
  });

  it.each([
    ['ASCII', 'x'],
    ['two bytes each', 'é'],
    ['four bytes each', '😀'],
    ['line breaks', '\n'],
    ['percent signs', '%'],
  ])('with an endless message is cut to 8 KiB (%s)', async (_, character) => {
    await using test = await failing(new RuntimeError('Internal', character.repeat(1_000_000)));
    const error = await ask(test.runtime, RuntimeServiceService.version, { version: '' }).catch(
      (e: unknown) => e,
    );
    const { details } = error as { details: string };
    expect(Buffer.byteLength(details)).toBeLessThanOrEqual(8192);
    expect(Buffer.byteLength(details)).toBeGreaterThan(8100);
    expect(details.replaceAll(character, '')).toBe(' … (cut)');
  });

  it('with half a surrogate pair in its message reaches the client', async () => {
    await using test = await failing(new RuntimeError('NotFound', 'no \ud83d here'));
    await expect(ask(test.runtime, RuntimeServiceService.version, { version: '' })).rejects.toMatchObject({
      code: codes.NOT_FOUND,
      details: 'no \ufffd here',
    });
  });
});

describe('a client that does not wait', () => {
  it('aborts the signal with Cancelled when it cancels', async () => {
    const { promise: reason, resolve } = Promise.withResolvers<unknown>();
    const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
    await using test = await TestServer.start({
      runtime: {
        CheckpointContainer: async (_request, context) => {
          arrive();
          resolve(await aborted(context));
          throw new Error('stopped', { cause: context.signal.reason });
        },
      },
    });
    let cancel = (): void => undefined;
    const answer = ask(
      test.runtime,
      RuntimeServiceService.checkpointContainer,
      CheckpointContainerRequest.create(),
      {},
      (call) => (cancel = () => call.cancel()),
    );
    answer.catch(() => undefined);
    await arrived;
    cancel();
    await expect(answer).rejects.toMatchObject({ code: codes.CANCELLED });
    expect(await reason).toMatchObject({
      kind: 'Cancelled',
      message: 'the client cancelled CheckpointContainer',
    });
    await expect.poll(() => test.observer.ended).toEqual(['CheckpointContainer Cancelled']);
  });

  it('aborts the signal with DeadlineExceeded when its time is over', async () => {
    const { promise: seen, resolve } = Promise.withResolvers<unknown[]>();
    await using test = await TestServer.start({
      runtime: {
        CheckpointContainer: async (_request, context) => {
          resolve([context.deadlineMs, await aborted(context)]);
          throw context.signal.reason;
        },
      },
    });
    const answer = ask(
      test.runtime,
      RuntimeServiceService.checkpointContainer,
      CheckpointContainerRequest.create(),
      {
        deadline: Date.now() + 200,
      },
    );
    await expect(answer).rejects.toMatchObject({ code: codes.DEADLINE_EXCEEDED });
    const [deadlineMs, reason] = await seen;
    expect(deadlineMs).toBeGreaterThan(50);
    expect(deadlineMs).toBeLessThanOrEqual(200);
    expect(reason).toMatchObject({ kind: 'DeadlineExceeded' });
    await expect.poll(() => test.observer.ended).toEqual(['CheckpointContainer DeadlineExceeded']);
  });

  it('is counted as gone also when the handler carries on and succeeds', async () => {
    const { promise: finish, resolve } = Promise.withResolvers<void>();
    await using test = await TestServer.start({
      runtime: {
        Version: async () => {
          await finish;
          return VersionResponse.create();
        },
      },
    });
    const answer = ask(
      test.runtime,
      RuntimeServiceService.version,
      { version: '' },
      { deadline: Date.now() + 100 },
    );
    await expect(answer).rejects.toMatchObject({ code: codes.DEADLINE_EXCEEDED });
    await new Promise((done) => setTimeout(done, 100));
    resolve();
    await expect.poll(() => test.observer.ended).toEqual(['Version DeadlineExceeded']);
  });

  it('leaves a signal alone that belongs to a call which ended well', async () => {
    let signal: AbortSignal | undefined;
    await using test = await TestServer.start({
      runtime: {
        Version: async (_request, context) => {
          ({ signal } = context);
          return VersionResponse.create();
        },
      },
    });
    await ask(test.runtime, RuntimeServiceService.version, { version: '' }, { deadline: Date.now() + 100 });
    await new Promise((done) => setTimeout(done, 150));
    expect(signal?.aborted).toBe(false);
  });
});
