import { getEventListeners } from 'node:events';
import { mkdtempDisposable, open, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { exitCodeOf, killGroup, run, type RunOptions, type RunResult } from './run.ts';
import { isRunning } from './testing/is-running.ts';

const sh = (script: string, options: RunOptions = {}): Promise<RunResult> =>
  run('sh', { ...options, args: ['-c', script] });

it.each<[string, string, { exitCode: number; stdout: string; stderr: string }]>([
  ['success', 'echo out; echo err >&2', { exitCode: 0, stdout: 'out\n', stderr: 'err\n' }],
  ['a failure, which is a result', 'exit 3', { exitCode: 3, stdout: '', stderr: '' }],
  ['a signal, as the shell counts it', 'kill -KILL $$', { exitCode: 137, stdout: '', stderr: '' }],
  ['a standard input that is empty', 'cat', { exitCode: 0, stdout: '', stderr: '' }],
])('collects %s', async (_sentence, script, expected) => {
  const { exitCode, stdout, stderr } = await sh(script);
  expect({ exitCode, stdout: stdout.toString(), stderr: stderr.toString() }).toEqual(expected);
});

it('gives the child its input, directory, environment and files, and nothing else', async () => {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'run-'));
  await writeFile(join(directory.path, 'file'), 'third');
  await using file = await open(join(directory.path, 'file'));
  const { stdout } = await sh('cat; echo; pwd; cat <&3; echo; env', {
    input: 'in',
    cwd: directory.path,
    env: { PATH: '/usr/bin:/bin', KEY: 'value' },
    extraFds: [file.fd],
  });
  const lines = stdout.toString().trimEnd().split('\n');
  expect(lines.slice(0, 3)).toEqual(['in', directory.path, 'third']);
  expect(
    lines
      .slice(3)
      .filter((line) => !/^(PWD|OLDPWD|SHLVL|_)=/.test(line))
      .toSorted(),
  ).toEqual(['KEY=value', 'PATH=/usr/bin:/bin']);
});

it('keeps as much output as it may and reads the rest, so that the child ends', async () => {
  const { exitCode, stdout, stderr } = await sh('head -c 3000000 /dev/zero; echo done >&2', {
    maxOutputBytes: 10,
  });
  expect([exitCode, stdout.length, stderr.toString()]).toEqual([0, 10, 'done\n']);
});

it('keeps all of a large output', async () => {
  expect((await sh('head -c 900000 /dev/zero')).stdout.length).toBe(900_000);
});

it('takes no offence at a child that does not read its input', async () => {
  const { exitCode } = await sh('exec 0<&-; exit 4', { input: Buffer.alloc(4_000_000) });
  expect(exitCode).toBe(4);
});

it.each<[string, string, RunOptions]>([
  ['a program that is missing', '/nonexistent/program', {}],
  ['a file that is not executable', '/etc/passwd', {}],
  ['a path below a file', '/etc/passwd/program', {}],
  ['arguments that are too long', 'true', { args: ['x'.repeat(4_000_000)] }],
  ['an argument that cannot be one', 'true', { args: ['a\0b'] }],
  ['a directory that is missing', 'true', { cwd: '/nonexistent' }],
  ['a program that is missing, with input', '/nonexistent/program', { input: 'x' }],
])('says that it cannot run %s', async (_sentence, program, options) => {
  const { signal } = new AbortController();
  await expect(run(program, { ...options, signal })).rejects.toMatchObject({
    kind: 'FailedPrecondition',
    message: expect.stringMatching(new RegExp(`^can't run ${program}`)) as string,
  });
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});

/** Starts a child and a grandchild that sleep; `pids` waits until both have said their ids. */
function family(file: string): { script: string; pids: () => Promise<number[]> } {
  const script = `trap '' TERM; sleep 60 & echo "$$ $!" > ${file}.tmp; mv ${file}.tmp ${file}; wait; sleep 60`;
  const pids = (): Promise<number[]> =>
    vi.waitFor(async () => (await readFile(file, 'utf8')).trim().split(' ').map(Number), 5_000);
  return { script, pids };
}

async function expectDead(pids: readonly number[]): Promise<void> {
  await vi.waitFor(
    async () => expect(await Promise.all(pids.map(isRunning))).toEqual(pids.map(() => false)),
    5_000,
  );
}

it('kills the whole family of a child that takes too long, deaf to SIGTERM or not', async () => {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'run-'));
  const { script, pids } = family(join(directory.path, 'pids'));
  const failure = sh(script, { timeoutMs: 300 });
  await expect(failure).rejects.toMatchObject({
    kind: 'DeadlineExceeded',
    message: 'sh took longer than 300 ms and was killed',
  });
  await expectDead(await pids());
});

it('kills the whole family when the caller gives up, and rejects with the caller’s reason', async () => {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'run-'));
  const { script, pids } = family(join(directory.path, 'pids'));
  const aborter = new AbortController();
  const failure = expect(sh(script, { signal: aborter.signal })).rejects.toThrow('enough');
  const started = await pids();
  aborter.abort(new Error('enough'));
  await failure;
  await expectDead(started);
  expect(getEventListeners(aborter.signal, 'abort')).toHaveLength(0);
});

it('takes a time beyond the longest timer of Node for long, not for none', async () => {
  expect((await sh('sleep 0.1', { timeoutMs: Number.POSITIVE_INFINITY })).exitCode).toBe(0);
});

it('starts nothing for a caller who has given up before', async () => {
  await expect(sh('exit 0', { signal: AbortSignal.abort(new Error('late')) })).rejects.toThrow('late');
});

it.each<[string, RunOptions]>([
  ['does not wait for a grandchild that keeps the pipes', {}],
  [
    'keeps the result of a child that ended in time, also when its time passes during that',
    { timeoutMs: 500 },
  ],
])('%s', async (_sentence, options) => {
  const begun = performance.now();
  const { exitCode, stdout } = await sh('setsid sleep 30 & echo $!', options);
  process.kill(Number(stdout.toString()), 'SIGKILL');
  expect(exitCode).toBe(0);
  expect(performance.now() - begun).toBeLessThan(10_000);
});

it('killing a group that is gone is no error', () => {
  expect(() => killGroup(2 ** 22 - 1)).not.toThrow();
});

it.each([
  [0, null, 0],
  [7, null, 7],
  [null, 'SIGTERM', 143],
  [null, null, 255],
] as const)('exit code %s and signal %s make %s', (code, signalName, expected) => {
  expect(exitCodeOf(code, signalName)).toBe(expected);
});
