import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import {
  frameSequence,
  loadRecording,
  RECORDED_SESSIONS,
  RecordingProxy,
  type SessionName,
  storeRecording,
} from '@crihub/service-streaming/testing';
import { describe, expect, it, vi } from 'vitest';
import { crictlCommand, hasCrictl, hasTmux, tmux } from '../../testing/crictl.ts';
import { StreamingRig } from '../../testing/streaming-rig.ts';
import { TestServer } from '../server/testing/test-server.ts';

/** Set it to keep what is recorded, for a newer crictl. */
const KEEP = process.env['RECORD_SESSIONS'] === '1';
const WAIT = { timeout: 10_000 };

const version = { version: '0.1.0', runtimeName: 'crihub', runtimeVersion: '0', runtimeApiVersion: 'v1' };

interface Stage {
  readonly rig: StreamingRig;
  /** A command line of crictl. */
  readonly crictl: (verb: string, ...args: readonly string[]) => readonly [string, ...string[]];
}

async function run([program, ...args]: readonly [string, ...string[]], input?: string): Promise<void> {
  const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'pipe'] });
  child.stdin.end(input);
  const [errors] = await Promise.all([text(child.stderr), once(child, 'close')]);
  expect(errors).toBe('');
}

/** What the client does in each session. */
const sessions: Readonly<Record<SessionName, (stage: Stage) => Promise<void>>> = {
  'exec without input': async ({ rig, crictl }) => {
    const { id } = await rig.container();
    await run(crictl('exec', id, 'echo', 'hello'));
  },
  'exec with input to its end': async ({ rig, crictl }) => {
    const { id } = await rig.container();
    await run(crictl('exec', '-i', id, 'cat'), 'to the command\n');
  },
  'exec in a terminal that is typed in, resized and hung up': async ({ rig, crictl }) => {
    const { id } = await rig.container();
    const command = crictl('exec', '-it', id, 'print', 'ready', ';', 'cat').map((word) => `'${word}'`);
    const shows = async (expected: string): Promise<void> =>
      await vi.waitFor(async () => expect(await tmux('capture-pane', '-p')).toContain(expected), WAIT);
    await tmux('new-session', '-d', '-x', '100', '-y', '30', `exec ${command.join(' ')}`);
    await shows('ready');
    await tmux('send-keys', 'typed', 'Enter');
    await shows('typed');
    await tmux('resize-window', '-x', '90', '-y', '25');
    await vi.waitFor(() => expect(rig.memory.node.countProcesses('cat')).toBe(1), WAIT);
    await new Promise((resolve) => setTimeout(resolve, 500)); // nothing tells that the size has been sent
    // It has no time for a farewell.
    process.kill(Number(await tmux('display-message', '-p', '#{pane_pid}')), 'SIGKILL');
    await vi.waitFor(() => expect(rig.server.figures.sessions).toBe(0), WAIT);
  },
  'attach with input to its end': async ({ rig, crictl }) => {
    const { id } = await rig.container({ args: ['cat', ';', 'echo', 'over'], stdin: true, stdinOnce: true });
    await run(crictl('attach', '-i', id), 'to the container\n');
  },
  'port-forward of two connections, one after the other': async ({ rig, crictl }) => {
    const { id } = await rig.pod();
    const echo = createServer({ allowHalfOpen: true }, (socket) => void socket.pipe(socket));
    await once(echo.listen(0, '127.0.0.1'), 'listening');
    const { port } = echo.address() as AddressInfo;
    const [program, ...args] = crictl('port-forward', id, `:${String(port)}`);
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    try {
      await forwardTwice(await forwardedPort(child));
    } finally {
      child.kill('SIGINT');
      await once(child, 'close');
      echo.close();
    }
  },
};

async function forwardTwice(port: number): Promise<void> {
  for (const words of ['the first', 'the second']) {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.end(words);
    expect(await text(socket)).toBe(words);
  }
}

async function forwardedPort({ stdout, stderr }: ChildProcess): Promise<number> {
  let printed = '';
  for (const stream of [stdout, stderr]) stream?.on('data', (bytes) => (printed += String(bytes)));
  const shown = /127\.0\.0\.1:(\d+) ->/;
  await vi.waitFor(() => expect(printed).toMatch(shown), WAIT);
  return Number(shown.exec(printed)?.[1]);
}

describe.skipIf(!hasCrictl || !hasTmux).each(['spdy', 'websocket'] as const)(
  'crictl over %s',
  (transport) => {
    it.each(RECORDED_SESSIONS)('does what was recorded: $name', async ({ name }) => {
      await using rig = await StreamingRig.start();
      await using proxies = new AsyncDisposableStack();
      const recorded = Promise.withResolvers<RecordingProxy>();
      const throughProxy = async <Answer extends object>(answer: Answer): Promise<Answer> => {
        if (!('url' in answer)) throw new Error('the answer has no URL');
        const proxy = proxies.use(await RecordingProxy.before(String(answer.url)));
        recorded.resolve(proxy);
        return { ...answer, url: proxy.url };
      };
      const { Exec, Attach, PortForward } = rig.methods;
      await using cri = await TestServer.start({
        runtime: {
          Version: async () => version,
          Exec: async (...call) => await throughProxy(await Exec(...call)),
          Attach: async (...call) => await throughProxy(await Attach(...call)),
          PortForward: async (...call) => await throughProxy(await PortForward(...call)),
        },
        image: { ImageFsInfo: async () => ({ imageFilesystems: [], containerFilesystems: [] }) },
      });
      const [program, ...endpoints] = crictlCommand(cri.socketPath);
      const crictl: Stage['crictl'] = (verb, ...args) => [
        ...([program, ...endpoints] as const),
        verb,
        '--transport',
        transport,
        ...args,
      ];
      await sessions[name]({ rig, crictl });
      const recording = (await recorded.promise).recording();
      if (KEEP) await storeRecording(name, transport, recording);
      expect(frameSequence(recording)).toEqual(frameSequence(await loadRecording(name, transport)));
    });
  },
);
