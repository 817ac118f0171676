import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileLock } from './file-lock.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'crihub-lock-'));
  path = join(folder, 'lock');
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe('a file lock', () => {
  it('is held once in a process, and can be had again when it was given back', () => {
    const first = FileLock.acquire(path);
    expect(first).toBeDefined();
    expect(FileLock.acquire(path)).toBeUndefined();
    first?.[Symbol.dispose]();
    const second = FileLock.acquire(path);
    expect(second).toBeDefined();
    second?.[Symbol.dispose]();
  });

  it('is held against other processes, and free when its holder was killed', async () => {
    const module = JSON.stringify(join(import.meta.dirname, 'file-lock.ts'));
    const script = `
      const { FileLock } = await import(${module});
      globalThis.lock = FileLock.acquire(${JSON.stringify(path)});
      console.log(globalThis.lock === undefined ? 'refused' : 'held');
      setInterval(() => undefined, 1000);`;
    const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const exited = once(holder, 'exit');
    try {
      const [output] = (await once(holder.stdout, 'data')) as [Buffer];
      expect(output.toString()).toBe('held\n');
      expect(FileLock.acquire(path)).toBeUndefined();
    } finally {
      holder.kill('SIGKILL');
      await exited;
    }
    using lock = FileLock.acquire(path);
    expect(lock).toBeDefined();
  });

  it('says why the file can not be locked', () => {
    expect(() => FileLock.acquire(join(folder, 'absent/lock'))).toThrow(
      expect.objectContaining({
        kind: 'FailedPrecondition',
        message: `can't lock ${join(folder, 'absent/lock')}`,
      }) as Error,
    );
  });
});
