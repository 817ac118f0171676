import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { duplexPair } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Backend } from '@crihub/contract';
import type { StreamingRequest } from '@crihub/service-streaming';
import { AttachRequest, ExecRequest, PortForwardRequest } from '@crihub/wire/cri';
import { expect, it, vi } from 'vitest';
import { StreamingRig } from '../../testing/streaming-rig.ts';
import type { CallContext } from '../server/index.ts';

const context: CallContext = { signal: AbortSignal.timeout(60_000), method: 'test' };

const exec = (rig: StreamingRig, overrides: Partial<ExecRequest>) =>
  rig.methods.Exec(ExecRequest.create({ cmd: ['echo'], stdout: true, ...overrides }), context);
const attach = (rig: StreamingRig, overrides: Partial<AttachRequest>) =>
  rig.methods.Attach(AttachRequest.create({ stdout: true, ...overrides }), context);
const portForward = (rig: StreamingRig, podSandboxId: string) =>
  rig.methods.PortForward(PortForwardRequest.create({ podSandboxId }), context);

/** What the streaming server is asked for by a call. */
async function requestOf(rig: StreamingRig, call: () => Promise<unknown>): Promise<StreamingRequest> {
  const urlFor = vi.spyOn(rig.server, 'urlFor');
  await call();
  const [request] = urlFor.mock.lastCall ?? [];
  urlFor.mockRestore();
  if (request === undefined) throw new Error('no URL was asked for');
  return request;
}

it('answers with URLs of the streaming server', async () => {
  await using rig = await StreamingRig.start();
  const { id, sandboxId } = await rig.container();
  const url = (kind: string) => ({
    url: expect.stringMatching(`^http://127\\.0\\.0\\.1:\\d+/${kind}/[\\w-]{32}$`) as string,
  });
  expect(await exec(rig, { containerId: id })).toEqual(url('exec'));
  expect(await exec(rig, { containerId: id.slice(0, 12), tty: true })).toEqual(url('exec'));
  expect(await attach(rig, { containerId: id })).toEqual(url('attach'));
  expect(await portForward(rig, sandboxId)).toEqual(url('portforward'));
});

it.each([
  ['no command', { cmd: [] }, 'InvalidArgument', 'cmd is empty'],
  ['a terminal with stderr', { tty: true, stderr: true }, 'InvalidArgument', 'tty and stderr are both true'],
  ['no stream', { stdout: false }, 'InvalidArgument', 'none of stdin, stdout and stderr'],
  ['a container that is not there', { containerId: 'f00' }, 'NotFound', 'container f00 does not exist'],
])('refuses exec with %s', async (_sentence, overrides, kind, message) => {
  await using rig = await StreamingRig.start();
  const { id } = await rig.container();
  await expect(exec(rig, { containerId: id, ...overrides })).rejects.toMatchObject({
    kind,
    message: expect.stringContaining(message) as string,
  });
});

it('refuses what does not run, when it is asked for and when its client comes', async () => {
  await using rig = await StreamingRig.start();
  const { id } = await rig.container();
  const asked = [
    await requestOf(rig, () => exec(rig, { containerId: id })),
    await requestOf(rig, () => attach(rig, { containerId: id })),
  ];
  rig.node.recordExit(id, { exitCode: 0, finishedAt: 1n, oomKilled: false });
  const refusal = { kind: 'FailedPrecondition', message: `container ${id} is exited, not running` };
  await expect(exec(rig, { containerId: id })).rejects.toMatchObject(refusal);
  await expect(attach(rig, { containerId: id })).rejects.toMatchObject(refusal);
  for (const request of asked) {
    if (request.kind === 'portforward') throw new Error('that was not asked for');
    await expect(request.open(context.signal)).rejects.toMatchObject(refusal);
  }
});

it('refuses the ports of a pod that is not ready, when it is asked for and when a connection comes', async () => {
  await using rig = await StreamingRig.start();
  const { id } = await rig.pod();
  const request = await requestOf(rig, () => portForward(rig, id));
  rig.node.recordNotReady(rig.node.records.visibleSandbox(id), 'it was stopped');
  const refusal = { kind: 'FailedPrecondition', message: `pod sandbox ${id} is not ready` };
  await expect(portForward(rig, id)).rejects.toMatchObject(refusal);
  if (request.kind !== 'portforward') throw new Error('that was not asked for');
  await expect(request.dial(80, context.signal)).rejects.toMatchObject(refusal);
});

it.each([
  ['keeps its standard input open', { stdin: true, stdinOnce: false }, true],
  ['has it once', { stdin: true, stdinOnce: true }, false],
  ['has it once, with a terminal', { stdin: true, stdinOnce: true, terminal: true }, true],
])('a client whose input ends leaves a container that %s: %o', async (_sentence, process, detaches) => {
  await using rig = await StreamingRig.start();
  const { id } = await rig.container({ args: ['cat'], ...process });
  const request = await requestOf(rig, () => attach(rig, { containerId: id, stdin: true }));
  expect(request).toMatchObject({ kind: 'attach', detachAtEndOfInput: detaches });
});

async function listen(host: string): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer((socket) => void socket.end(`from ${host}`));
  server.listen(0, host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => void server.close(),
  };
}

async function dial(rig: StreamingRig, id: string, port: number): Promise<string> {
  const request = await requestOf(rig, () => portForward(rig, id));
  if (request.kind !== 'portforward') throw new Error('that was not asked for');
  return (await buffer((await request.dial(port, context.signal)).end())).toString();
}

it.each([['127.0.0.1'], ['::1']])('reaches a port on %s of a pod, in its namespace', async (host) => {
  await using rig = await StreamingRig.start();
  await using server = await listen(host);
  const { id } = await rig.pod({ state: 'owed', namespacePath: '/run/netns/of-this-pod' });
  expect(await dial(rig, id, server.port)).toBe(`from ${host}`);
  expect(new Set(rig.entered)).toEqual(new Set(['/run/netns/of-this-pod']));
});

it('reaches a port of a pod on the node’s network without entering anything', async () => {
  await using rig = await StreamingRig.start();
  await using server = await listen('127.0.0.1');
  const { id } = await rig.pod({ state: 'host' });
  expect(await dial(rig, id, server.port)).toBe('from 127.0.0.1');
  expect(rig.entered).toEqual([]);
});

it('says that a port is closed, or that there is no network', async () => {
  await using rig = await StreamingRig.start();
  await expect(dial(rig, (await rig.pod({ state: 'host' })).id, 1)).rejects.toMatchObject({
    code: 'ECONNREFUSED',
    address: '127.0.0.1',
  });
  await expect(dial(rig, (await rig.pod({ state: 'none' })).id, 1)).rejects.toMatchObject({
    kind: 'FailedPrecondition',
  });
});

it('lets a backend reach its pods in its own way', async () => {
  const connected: unknown[] = [];
  const ownWay = (backend: Backend): Backend => ({
    ...backend,
    kind: 'memory',
    portForward: {
      connect: async (id, port) => {
        connected.push([id, port]);
        const [near, far] = duplexPair();
        far.end('from the backend');
        return near;
      },
    },
  });
  await using rig = await StreamingRig.start(({ backend }) => ownWay(backend));
  const { id } = await rig.pod();
  expect(await dial(rig, id, 8080)).toBe('from the backend');
  expect(connected).toEqual([[id, 8080]]);
});
