import { appendFile, mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { untilLogged } from './log-file.ts';

it('waits for a line, also in a log that is not there yet', async () => {
  await using directory = await mkdtempDisposable(path.join(tmpdir(), 'crihub-log-'));
  const file = path.join(directory.path, 'main.log');
  await expect(untilLogged(file, 'ready', 0)).rejects.toThrow('does not end with the line ready');
  await appendFile(file, '2026-01-31T12:00:00Z stdout F not ready yet\n');
  await expect(untilLogged(file, 'ready', 0)).rejects.toThrow('does not end with the line ready');
  const waiting = untilLogged(file, 'ready', 60_000);
  await appendFile(file, '2026-01-31T12:00:01Z stdout F ready\n');
  await waiting;
});

it("knows a line in Docker's own format", async () => {
  await using directory = await mkdtempDisposable(path.join(tmpdir(), 'crihub-log-'));
  const file = path.join(directory.path, 'main.log');
  await appendFile(file, '{"log":"ready\\n","stream":"stdout","time":"2026-01-31T12:00:00Z"}\n');
  await untilLogged(file, 'ready', 0);
  await appendFile(file, '{"log":"steady\\n","stream":"stdout","time":"2026-01-31T12:00:01Z"}\n');
  await expect(untilLogged(file, 'ready', 0)).rejects.toThrow('does not end with the line ready');
});
