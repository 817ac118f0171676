import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { commandLineOf, descriptorCountsOf, executableOf, listPids, threadCountOf } from './details.ts';
import { isAlive, type ProcessRef, processRef, signalProcess } from './process-ref.ts';
import { parseProcessStat } from './stat.ts';
import { killProcessTree, processTree } from './tree.ts';

const children: ChildProcess[] = [];
afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')));

async function start(...command: [string, ...string[]]): Promise<ProcessRef> {
  const child = spawn(command[0], command.slice(1), { stdio: 'ignore' });
  children.push(child);
  await once(child, 'spawn');
  return (await processRef(child.pid as number)) as ProcessRef;
}

async function sizeOfTree(root: ProcessRef, size: number): Promise<readonly ProcessRef[]> {
  for (const end = Date.now() + 5_000; Date.now() < end;) {
    const tree = await processTree(root);
    if (tree.length >= size) return tree;
  }
  throw new Error(`the tree did not grow to ${String(size)}`);
}

describe('parseProcessStat', () => {
  it('finds its way through a command with spaces and parentheses', () => {
    const fields = Array.from({ length: 50 }, (_, index) => String(index + 3))
      .join(' ')
      .replace('3 4', 'S 4');
    expect(parseProcessStat(`17 (a ) b (c) ${fields}`)).toEqual({
      pid: 17,
      command: 'a ) b (c',
      state: 'S',
      parentPid: 4,
      threads: 20,
      cpuTicks: 14 + 15,
      startTime: 22,
    });
  });
});

describe('a process reference', () => {
  it('is alive until it is signalled, and signalling it again does nothing', async () => {
    const ref = await start('sleep', '100');
    expect(await isAlive(ref)).toBe(true);
    const ended = once(children[0] as ChildProcess, 'exit');
    expect(await signalProcess(ref, 'SIGTERM')).toBe(true);
    expect(await ended).toEqual([null, 'SIGTERM']);
    expect(await isAlive(ref)).toBe(false);
    expect(await signalProcess(ref, 'SIGTERM')).toBe(false);
    expect(await processRef(ref.pid)).toBeUndefined();
  });

  it('is not taken for another process with the same id', async () => {
    const ref = await start('sleep', '100');
    const earlier = { ...ref, startTime: ref.startTime - 1 };
    expect(await isAlive(earlier)).toBe(false);
    expect(await signalProcess(earlier, 'SIGKILL')).toBe(false);
    expect(await isAlive(ref)).toBe(true);
  });
});

describe('a process tree', () => {
  it('is found and killed as a whole', async () => {
    const root = await start('sh', '-c', 'sh -c "sleep 100 & sleep 100" & sleep 100 & wait');
    const tree = await sizeOfTree(root, 5);
    await killProcessTree(root);
    expect(await Promise.all(tree.map(isAlive))).toEqual(tree.map(() => false));
    await killProcessTree(root);
  });

  it('is killed while it forks', async () => {
    const root = await start('sh', '-c', 'while :; do sleep 5 & sleep 0.005; done');
    await sizeOfTree(root, 20);
    const tree = await processTree(root);
    await killProcessTree(root);
    expect(await Promise.all(tree.map(isAlive))).toEqual(tree.map(() => false));
  });
});

describe('details', () => {
  it('are those of this process', async () => {
    expect(await executableOf(process.pid)).toBe(process.execPath);
    expect((await commandLineOf(process.pid))[0]).toContain('node');
    expect(await threadCountOf(process.pid)).toBeGreaterThan(1);
    expect((await descriptorCountsOf(process.pid))?.files).toBeGreaterThan(3);
    expect(await listPids()).toContain(process.pid);
  });

  it('are absent for a process that does not exist', async () => {
    const pid = 2 ** 22 + 1;
    expect(await executableOf(pid)).toBeUndefined();
    expect(await commandLineOf(pid)).toEqual([]);
    expect(await threadCountOf(pid)).toBeUndefined();
    expect(await descriptorCountsOf(pid)).toBeUndefined();
  });
});
