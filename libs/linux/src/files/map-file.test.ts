import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { mapFile } from './map-file.ts';

it('shows what the file has, and puts into it what is put into the buffer', async () => {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'map-file-'));
  const path = join(directory.path, 'file');
  await writeFile(path, 'before');
  const buffer = await mapFile(path, 8192);
  expect(buffer.toString('latin1', 0, 8)).toBe('before\0\0');
  buffer.write('after!', 4096);
  expect((await readFile(path)).toString('latin1', 4096, 4102)).toBe('after!');
  expect((await readFile(path)).length).toBe(8192);
});

it('rejects with what the system says', async () => {
  await expect(mapFile('/proc/nowhere/file', 4096)).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(mapFile('/dev/full', 4096)).rejects.toMatchObject({ code: 'ENOSPC' });
});
