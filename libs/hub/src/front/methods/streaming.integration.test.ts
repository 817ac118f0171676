import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { crictlCommand, hasCrictl, hasTmux, tmux } from '../../testing/crictl.ts';
import { StreamingRig } from '../../testing/streaming-rig.ts';
import { TestServer } from '../server/testing/test-server.ts';

const version = { version: '0.1.0', runtimeName: 'crihub', runtimeVersion: '0', runtimeApiVersion: 'v1' };

const serve = async (rig: StreamingRig): Promise<TestServer> =>
  await TestServer.start({
    runtime: { ...rig.methods, Version: async () => version },
    image: { ImageFsInfo: async () => ({ imageFilesystems: [], containerFilesystems: [] }) },
  });

/** `crictl`, with client-go in it, judges what is served; the containers are the memory backend's. */
describe.skipIf(!hasCrictl).each([['spdy'], ['websocket']])('crictl over %s', (transport) => {
  let rig: StreamingRig;
  let cri: TestServer;

  beforeAll(async () => {
    rig = await StreamingRig.start();
    cri = await serve(rig);
  });

  afterAll(async () => {
    await cri[Symbol.asyncDispose]();
    await rig[Symbol.asyncDispose]();
  });

  const crictl = async (verb: string, args: readonly string[], input: string | Buffer = '') => {
    const [program, ...endpoints] = crictlCommand(cri.socketPath);
    const child = spawn(program, [...endpoints, verb, '--transport', transport, ...args]);
    child.stdin.on('error', () => undefined).end(input);
    const [stdout, stderr] = await Promise.all([buffer(child.stdout), buffer(child.stderr)]);
    return { stdout, stderr: stderr.toString() };
  };

  it('exec: outputs apart, exit code told', async () => {
    const { id } = await rig.container();
    const { stdout, stderr } = await crictl('exec', [
      id,
      'echo',
      'hello',
      ';',
      'echo-error',
      'oops',
      ';',
      'exit',
      '7',
    ]);
    expect(stdout.toString()).toBe('hello\n');
    expect(stderr).toMatch(/^oops$/m);
    expect(stderr).toContain('command terminated with exit code 7');
  });

  it('exec: a program that is not there', async () => {
    const { id } = await rig.container();
    const { stderr } = await crictl('exec', [id, 'nonsense']);
    expect(stderr).toContain(
      `error executing command in container: can't run \\"nonsense\\": no such program`,
    );
  });

  it('exec: 32 MiB through a command, to the last byte', async () => {
    const { id } = await rig.container();
    const input = Buffer.alloc(32 * 1024 * 1024, 'a line of text that is not a power of two long\n');
    const { stdout, stderr } = await crictl('exec', ['-i', id, 'cat'], input);
    expect(stderr).toBe('');
    expect(stdout.equals(input)).toBe(true);
  });

  it('attach: the input of a container, and its end', async () => {
    const { id } = await rig.container({ args: ['cat', ';', 'echo', 'over'], stdin: true, stdinOnce: true });
    const { stdout, stderr } = await crictl('attach', ['-i', id], 'to the container\n');
    expect(stderr).toBe('');
    expect(stdout.toString()).toBe('to the container\nover\n');
  });

  it('port-forward: many connections, each to the last byte', async () => {
    const echo = createServer({ allowHalfOpen: true }, (socket) => void socket.pipe(socket));
    echo.listen(0, '127.0.0.1');
    await once(echo, 'listening');
    const { id } = await rig.pod();
    const port = String((echo.address() as AddressInfo).port);
    const [program, ...endpoints] = crictlCommand(cri.socketPath);
    const child = spawn(program, [...endpoints, 'port-forward', '--transport', transport, id, `:${port}`]);
    let printed = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (bytes) => (printed += String(bytes)));
    await vi.waitFor(() => expect(printed).toMatch(/127\.0\.0\.1:\d+ ->/), { timeout: 10_000 });
    const local = Number(/127\.0\.0\.1:(\d+) ->/.exec(printed)?.[1]);
    const sent = Buffer.alloc(1024 * 1024, 'forwarded ');
    const one = async (): Promise<void> => {
      const socket = connect({ port: local, host: '127.0.0.1', allowHalfOpen: true });
      socket.end(sent);
      expect((await buffer(socket)).equals(sent)).toBe(true);
    };
    for (let round = 0; round < 5; round += 1) await Promise.all(Array.from({ length: 10 }, one));
    const exited = once(child, 'close');
    child.kill('SIGINT');
    await exited;
    echo.close();
    await vi.waitFor(() => expect(rig.server.figures.sessions).toBe(0));
  });
});

/** A terminal is needed: tmux is one. */
describe.skipIf(!hasCrictl || !hasTmux).each([['spdy'], ['websocket']])(
  'crictl in a terminal over %s',
  (transport) => {
    it('exec -it: the size, and its changes; typing; the end', async () => {
      await using rig = await StreamingRig.start();
      await using cri = await TestServer.start({
        runtime: { ...rig.methods, Version: async () => version },
        image: { ImageFsInfo: async () => ({ imageFilesystems: [], containerFilesystems: [] }) },
      });
      const { id } = await rig.container();
      const exec = `${crictlCommand(cri.socketPath).join(' ')} exec --transport ${transport} -it ${id}`;
      const shown = async (text: string): Promise<void> =>
        await vi.waitFor(async () => expect(await tmux('capture-pane', '-p')).toContain(text), {
          timeout: 10_000,
        });
      await tmux('new-session', '-d', '-x', '100', '-y', '30', `${exec} terminal-size; sleep 60`);
      try {
        await shown('30 100');
        await tmux('resize-window', '-x', '90', '-y', '25');
        await shown('25 90');
        await tmux('respawn-window', '-k', `${exec} cat; sleep 60`);
        await delay(500);
        await tmux('send-keys', 'typed', 'Enter');
        await shown('typed');
        expect(rig.memory.node.countProcesses('cat')).toBe(1);
      } finally {
        await tmux('kill-server');
      }
      await vi.waitFor(() => expect(rig.memory.node.countProcesses('cat')).toBe(0), { timeout: 5_000 });
    });
  },
);
