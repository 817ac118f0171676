import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeBusyboxRoot } from './busybox-root.ts';
import { busyboxCommands as commands } from './commands.ts';

let root: string;
const children = new Set<ChildProcess>();

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'crihub-busybox-'));
  await makeBusyboxRoot(root);
  await once(spawn('mknod', [join(root, 'dev/zero'), 'c', '1', '5']), 'close');
  await once(spawn('mknod', [join(root, 'dev/null'), 'c', '1', '3']), 'close');
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});
afterAll(async () => {
  await rm(root, { recursive: true });
});

describe('the busybox commands, run as first process of a PID namespace', () => {
  it.each([
    { what: 'an exit code', args: commands.exitWith(7), code: 7, out: '', error: '' },
    { what: 'a late exit', args: commands.exitLater(50, 3), code: 3, out: '', error: '' },
    { what: 'a line', args: commands.printLine('hello'), code: 0, out: 'hello\n', error: '' },
    {
      what: 'an unfinished line',
      args: commands.printUnfinished('no end'),
      code: 0,
      out: 'no end',
      error: '',
    },
    { what: 'both streams', args: commands.printBoth('o', 'e'), code: 0, out: 'o\n', error: 'e\n' },
    {
      what: 'a long line',
      args: commands.printLong(50_000),
      code: 0,
      out: `${'x'.repeat(50_000)}\n`,
      error: '',
    },
    { what: 'a flood', args: commands.flood(200_000), code: 0, out: '\0'.repeat(200_000), error: '' },
    { what: 'an input', args: commands.cat, input: 'in\n', code: 0, out: 'in\n', error: '' },
  ])('print $what', async ({ args, input, code, out, error }) => {
    const child = start(args);
    if (input === undefined) child.stdin?.destroy();
    else child.stdin?.end(input);
    expect(await outcome(child)).toEqual({ code, out, error });
  });

  it('exit on the signal that they trap', async () => {
    expect(await signalled(commands.exitOnSignal('SIGUSR1', 42), 'USR1')).toBe(42);
    expect(await signalled(commands.sleepForever, 'TERM')).toBe(0);
  });

  it('outlive a SIGTERM that they ignore', async () => {
    expect(await signalled(commands.ignoreTerm, 'TERM', 500)).toBe('still running');
  });

  it('count their ticks from one', async () => {
    const child = start(commands.tick);
    const output = await printed(child, 'tick 3\n');
    child.kill('SIGKILL');
    expect(output.split('\n').slice(0, 3)).toEqual(['tick 1', 'tick 2', 'tick 3']);
    await once(child, 'close');
  });

  it('start a child in another session, both with the marker', async () => {
    const child = start(commands.spawnTree('86499'));
    await printed(child, 'ready');
    // `ready` may be printed before the shells have become what they start.
    await expect.poll(count86499, { timeout: 5_000 }).toBeGreaterThanOrEqual(2);
    child.kill('SIGKILL');
    await once(child, 'close');
  });

  it('touch the memory that they ask for', async () => {
    const child = start(commands.oom);
    expect((await outcome(child)).code).toBe(0); // nothing limits it here
  });
});

async function count86499(): Promise<number> {
  const seen = spawn('pgrep', ['-fc', '--', 'sleep 86499$'], { stdio: ['ignore', 'pipe', 'ignore'] });
  return Number(await text(seen.stdout));
}

/** unshare kills its child, and with it the whole PID namespace, when it is killed itself. */
function start(args: readonly string[]): ChildProcess {
  const child = spawn('unshare', ['--pid', '--fork', '--kill-child', 'chroot', root, ...args], {
    stdio: 'pipe',
  });
  children.add(child);
  return child;
}

async function outcome(child: ChildProcess): Promise<{ code: unknown; out: string; error: string }> {
  const closed = once(child, 'close');
  const [out, error] = await Promise.all([textOf(child.stdout), textOf(child.stderr)]);
  const [code] = (await closed) as [unknown];
  return { code, out, error };
}

const textOf = async (stream: ChildProcess['stdout']): Promise<string> =>
  stream === null ? '' : await text(stream);

async function printed(child: ChildProcess, words: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    if (output.includes(words)) resolve(output);
  });
  child.once('close', () => reject(new Error(`ended without printing "${words}": ${output}`)));
  return await promise;
}

/** Sends a signal from inside the host to the namespace's first process; its exit code, if it ends in time. */
async function signalled(args: readonly string[], name: string, ms = 5_000): Promise<unknown> {
  const child = start(args);
  await printed(child, 'ready');
  const closed = once(child, 'close').then(([code]) => code as unknown);
  const pkill = spawn('pkill', [`-${name}`, '-P', String(child.pid)]);
  await once(pkill, 'close');
  const { promise: late, resolve } = Promise.withResolvers<string>();
  const timer = setTimeout(resolve, ms, 'still running');
  const result = await Promise.race([closed, late]);
  clearTimeout(timer);
  child.kill('SIGKILL');
  await closed;
  return result;
}
