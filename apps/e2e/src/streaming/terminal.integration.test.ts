import { once } from 'node:events';
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { ContainerState } from '@crihub/wire/cri';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { viewContainer } from '../kubelet/calls.ts';
import { TestPod } from '../kubelet/test-pod.ts';
import { Crictl } from '../node/crictl.ts';
import { Terminal } from '../node/terminal.ts';
import { startHandler, type TestedHandler } from '../node/tested-handlers.ts';
import { TestNode } from '../node/test-node.ts';
import { processesBeside } from './daemon-resources.ts';

const SIZE = { width: 100, height: 30 };
const OTHER_SIZE = { width: 90, height: 25 };
const ECHO_PORT = 9000;

/** A shell that tells its size on request; `-i` makes it prompt. */
const SHELL = ['sh', '-i'];

/** What carries a session is the same for all handlers; what it reaches is not. */
const ROWS = [
  { handler: 'runc', transport: 'spdy', number: 64 },
  { handler: 'runc', transport: 'websocket', number: 65 },
  { handler: 'containerd', transport: 'spdy', number: 68 },
  { handler: 'docker', transport: 'websocket', number: 69 },
] as const;

describe.each(ROWS)('crictl in a terminal on $handler over $transport', ({ handler, transport, number }) => {
  let tested: TestedHandler;
  let node: TestNode;
  let crictl: Crictl;
  let pod: TestPod;

  beforeAll(async () => {
    tested = await startHandler(handler);
    node = await TestNode.start({
      number,
      handlers: (directory) => ({ [handler]: tested.config(directory) }),
    });
    crictl = await Crictl.for(node.daemon.socket);
    pod = await TestPod.run(node);
  });
  afterAll(async () => {
    await node[Symbol.asyncDispose]();
    await tested[Symbol.asyncDispose]();
  });

  const open = async (verb: string, ...args: readonly string[]): Promise<Terminal> =>
    await Terminal.open(crictl.command(verb, '--transport', transport, ...args), SIZE);

  const processesIn = async (container: string): Promise<number> => {
    const { pid } = await viewContainer(node.cri, container);
    return await processesBeside(pid ?? 0);
  };

  const followsSizes = async (terminal: Terminal): Promise<void> => {
    await terminal.type('stty size', 'Enter');
    await terminal.shows(/^30 100$/m);
    await terminal.resize(OTHER_SIZE);
    // Nothing says which of a size and of what is typed after it arrives first.
    const asked = async (): Promise<string> => {
      await terminal.type('stty size', 'Enter');
      return await terminal.screen();
    };
    await expect.poll(asked, { timeout: 10_000, interval: 300 }).toMatch(/^25 90$/m);
  };

  it('exec: the size and its changes, Ctrl-C, and the exit code', async () => {
    const container = await pod.start({ metadata: { name: 'exec', attempt: 0 } });
    await using terminal = await open('exec', '-it', container, ...SHELL);
    await terminal.shows(/# $/m);
    await followsSizes(terminal);
    await terminal.type('sleep 1000', 'Enter');
    await expect.poll(() => processesIn(container), { timeout: 10_000 }).toBe(3);
    await terminal.type('C-c');
    await expect.poll(() => processesIn(container), { timeout: 10_000 }).toBe(2);
    await terminal.type('exit 7', 'Enter');
    await terminal.shows(/exit code 7/);
    expect(await processesIn(container)).toBe(1);
  });

  it('exec: a terminal that is hung up ends all it started', async () => {
    const container = await pod.start({ metadata: { name: 'hang-up', attempt: 0 } });
    {
      await using terminal = await open('exec', '-it', container, ...SHELL);
      await terminal.type('setsid sleep 1000 &', 'Enter', 'sleep 1000', 'Enter');
      await expect.poll(() => processesIn(container), { timeout: 10_000 }).toBe(4);
    }
    await expect.poll(() => processesIn(container), { timeout: 10_000 }).toBe(1);
  });

  it('attach: the size and its changes; who leaves does not stop the container', async () => {
    const container = await pod.start({
      metadata: { name: 'attach', attempt: 0 },
      command: SHELL,
      tty: true,
      stdin: true,
    });
    {
      await using terminal = await open('attach', '-it', container);
      await terminal.type('Enter');
      await terminal.shows(/# $/m);
      await followsSizes(terminal);
    }
    await using again = await open('attach', '-it', container);
    await again.type('echo still $((40 + 2))', 'Enter');
    await again.shows(/still 42/);
    expect((await viewContainer(node.cri, container)).status.state).toBe(ContainerState.CONTAINER_RUNNING);
  });

  it('port-forward: carries connections until Ctrl-C', async () => {
    await pod.start({
      metadata: { name: 'echo', attempt: 0 },
      command: ['nc', '-ll', '-p', String(ECHO_PORT), '-e', 'cat'],
    });
    await using terminal = await open('port-forward', pod.id, `:${String(ECHO_PORT)}`);
    await terminal.shows(/127\.0\.0\.1:\d+ -> 9000/);
    const local = Number(/127\.0\.0\.1:(\d+) ->/.exec(await terminal.screen())?.[1]);
    for (const text of ['first', 'second']) {
      const socket = connect({ port: local, host: '127.0.0.1', allowHalfOpen: true });
      socket.end(text);
      expect((await buffer(socket)).toString()).toBe(text);
    }
    await terminal.type('C-c');
    await terminal.ends();
    await expect(once(connect(local, '127.0.0.1'), 'connect')).rejects.toThrow('ECONNREFUSED');
  });
});
