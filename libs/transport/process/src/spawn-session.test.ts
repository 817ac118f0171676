import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import { describe, expect, it, vi } from 'vitest';
import { type SpawnedProcess, spawnProcess, type SpawnOptions } from './spawn-session.ts';
import { isRunning } from './testing/is-running.ts';

const sh = (script: string, options: SpawnOptions = {}): Promise<SpawnedProcess> =>
  spawnProcess('sh', { ...options, args: ['-c', script] });

it('gives the streams of a running child, and its end', async () => {
  const child = await sh('cat; echo "$KEY" >&2; exit 5', {
    stdin: true,
    env: { PATH: '/usr/bin:/bin', KEY: 'v' },
  });
  expect(child.pid).toBeGreaterThan(1);
  child.stdin?.end('hello');
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  expect([stdout, stderr, await child.exited]).toEqual(['hello', 'v\n', 5]);
});

it('gives no standard input unless it is asked for', async () => {
  const child = await sh('cat; echo end');
  child.stderr.resume();
  expect(child.stdin).toBeUndefined();
  expect(await text(child.stdout)).toBe('end\n');
});

it('tells the end of a child whose output nobody reads', async () => {
  const child = await sh('head -c 1000 /dev/zero; exit 6');
  expect(await child.exited).toBe(6);
  child.stdout.destroy();
  child.stderr.destroy();
});

it('holds a child back whose output nobody reads, and loses nothing', async () => {
  const child = await sh('head -c 2000000 /dev/zero');
  child.stderr.resume();
  await delay(100);
  expect(child.stdout.readableLength).toBeLessThan(200_000);
  expect((await text(child.stdout)).length).toBe(2_000_000);
  expect(await child.exited).toBe(0);
});

it('kills the child with its children, and may be asked twice', async () => {
  const child = await sh('sleep 60 & echo $!; wait');
  child.stderr.resume();
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
  child.killGroup();
  expect(await child.exited).toBe(137);
  await vi.waitFor(async () => expect(await isRunning(Number(chunk.toString()))).toBe(false), 5_000);
  child.killGroup();
});

it('survives a child that closes its standard input while we write', async () => {
  const child = await sh('exec 0<&-; echo closed; sleep 0.2', { stdin: true });
  child.stderr.resume();
  const stdin = child.stdin;
  await once(child.stdout, 'data');
  const failed = new Promise((resolve) => stdin?.write(Buffer.alloc(1_000_000), resolve));
  expect(await failed).toMatchObject({ code: 'EPIPE' });
  expect(await child.exited).toBe(0);
});

it.each<[string, string, SpawnOptions]>([
  ['a program that is missing', '/nonexistent/program', {}],
  ['a path below a file', '/etc/passwd/program', {}],
  ['an argument that cannot be one', 'true', { args: ['a\0b'] }],
  ['a directory that is missing', 'true', { cwd: '/nonexistent' }],
])('says that it cannot run %s', async (_sentence, program, options) => {
  await expect(spawnProcess(program, options)).rejects.toMatchObject({
    kind: 'FailedPrecondition',
    message: expect.stringContaining(`can't run ${program}`) as string,
  });
});

describe('the output of a child that exits at once', () => {
  it('is kept for a reader who comes late', async () => {
    const child = await spawnProcess('/bin/sh', { args: ['-c', 'echo early; echo wrong >&2'] });
    await child.exited;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([await text(child.stdout), await text(child.stderr)]).toEqual(['early\n', 'wrong\n']);
  });
});
