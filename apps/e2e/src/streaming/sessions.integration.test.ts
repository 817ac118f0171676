import { ChannelClient, SpdyClient } from '@crihub/service-streaming/testing';
import { execSync } from '@crihub/tool-fixtures';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stopContainer } from '../kubelet/calls.ts';
import { TestPod } from '../kubelet/test-pod.ts';
import { TestNode } from '../node/test-node.ts';
import { daemonResources, processesIn } from './daemon-resources.ts';
import { attachUrl, execUrl } from './open-stream.ts';

const MAX_TOKENS = 1000;
/** A tree of which one part has a session of its own, and one has lost its parent. */
const TREE = ['sh', '-c', 'sleep 1000 & setsid sleep 1000 & (sleep 1000 &); wait'];
const TREE_PROCESSES = 4;

describe('sessions', () => {
  let node: TestNode;
  let pod: TestPod;
  let container: string;
  let count = 0;

  beforeAll(async () => {
    node = await TestNode.start({ number: 66 });
    pod = await TestPod.run(node);
  });
  afterAll(async () => {
    await node[Symbol.asyncDispose]();
  });

  const started = async (): Promise<string> => {
    count += 1;
    container = await pod.start({ metadata: { name: `c${String(count)}`, attempt: 0 } });
    return container;
  };

  const processes = async (expected: number): Promise<void> =>
    await expect.poll(() => processesIn(container), { timeout: 15_000 }).toBe(expected);
  const sessions = async (expected: number): Promise<void> =>
    await expect
      .poll(async () => (await daemonResources(node, container)).sessions, { timeout: 15_000 })
      .toBe(expected);

  /** Opens a command as client-go does. @returns how to break off, and its end */
  const spdy = async (
    url: string,
  ): Promise<{ readonly leave: () => void; readonly ended: Promise<unknown> }> => {
    const { client } = await SpdyClient.connect(url, ['v4.channel.k8s.io']);
    for (const streamtype of ['error', 'stdout']) await client.open({ streamtype });
    return { leave: () => void client.transport.destroy(), ended: client.closed };
  };
  const webSocket = async (
    url: string,
  ): Promise<{ readonly leave: () => void; readonly ended: Promise<unknown> }> => {
    const client = await ChannelClient.connect(url, 'v5.channel.k8s.io');
    return { leave: () => void client.socket.terminate(), ended: client.closed };
  };

  it.each([
    ['SPDY', spdy],
    ['WebSocket', webSocket],
  ])('a client that goes takes all that its exec started with it, over %s', async (_transport, open) => {
    const { leave } = await open(await execUrl(node.cri, await started(), TREE));
    await processes(1 + TREE_PROCESSES);
    await sessions(1);
    leave();
    await processes(1);
    await sessions(0);
  });

  it('a container that stops ends its sessions', async () => {
    const id = await started();
    const open = await Promise.all([
      spdy(await execUrl(node.cri, id, TREE)),
      webSocket(await execUrl(node.cri, id, ['sleep', '1000'])),
      spdy(await attachUrl(node.cri, id)),
      webSocket(await attachUrl(node.cri, id)),
    ]);
    await sessions(open.length);
    await stopContainer(node.cri, id, 0);
    await Promise.all(open.map(({ ended }) => ended));
    await sessions(0);
  });

  it.each([
    ['a restart', 'and what they ran', 1, async () => await node.stopDaemon()],
    // As with other runtimes: nobody is there to end what they ran.
    ['a crash', 'and leaves what they ran', 2, async () => await node.killDaemon()],
  ])('%s of the daemon ends sessions %s, but not containers', async (_name, _what, left, end) => {
    const id = await started();
    const open = await Promise.all([
      spdy(await execUrl(node.cri, id, ['sleep', '1000'])),
      webSocket(await attachUrl(node.cri, id)),
    ]);
    await processes(2);
    await end();
    await Promise.all(open.map(({ ended }) => ended));
    await processes(left);
    await node.startDaemon();
    const { exitCode } = await execSync(node.cri, id, ['true']);
    expect(exitCode).toBe(0);
    await processes(left);
  });

  it('no more than 1,000 URLs wait, and the next is refused', async () => {
    const id = await started();
    for (let issued = 0; issued < MAX_TOKENS; issued += 1) await execUrl(node.cri, id, ['true']);
    await expect(execUrl(node.cri, id, ['true'])).rejects.toMatchObject({ kind: 'ResourceExhausted' });
    expect((await daemonResources(node, id)).tokens).toBe(MAX_TOKENS);
  });
});
