import { mkdtempDisposable, readFile, readlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '@crihub/transport/process';
import { expect, it } from 'vitest';
import { cpioArchive } from './cpio.ts';

it('makes an archive that others unpack', async () => {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'crihub-cpio-'));
  const input = cpioArchive([
    { kind: 'directory', path: 'bin' },
    { kind: 'file', path: 'bin/one', mode: 0o755, content: Buffer.from('12345') },
    { kind: 'link', path: 'bin/two', target: 'one' },
  ]);
  const { exitCode } = await run('busybox', { args: ['cpio', '-i'], cwd: directory.path, input });
  expect(exitCode).toBe(0);
  expect(await readFile(join(directory.path, 'bin/two'), 'utf8')).toBe('12345');
  expect(await readlink(join(directory.path, 'bin/two'))).toBe('one');
});
