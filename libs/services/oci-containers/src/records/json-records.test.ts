import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ContainerId, newContainerId } from '@crihub/kernel';
import { RecordingLogger } from '@crihub/kernel/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { LocalFiles } from '../execution/local-files.ts';
import { JsonRecords } from './json-records.ts';

let directory: string;
let logger: RecordingLogger;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'crihub-records-'));
  logger = new RecordingLogger();
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

const schema = z.object({ step: z.enum(['one', 'two']) });
const open = (): JsonRecords<ContainerId, z.infer<typeof schema>> =>
  new JsonRecords({ directory, schema }, { files: new LocalFiles(), logger });

it('keeps records for the next daemon', async () => {
  const id = newContainerId();
  const records = open();
  await records.write(id, { step: 'one' });
  await records.write(id, { step: 'two' });
  const next = open();
  await next.load();
  expect(next.entries()).toEqual([[id, { step: 'two' }]]);
  expect(await readdir(directory)).toEqual([`${id}.json`]);
});

it('forgets a record that is removed, however often', async () => {
  const id = newContainerId();
  const records = open();
  await records.write(id, { step: 'one' });
  await records.remove(id);
  await records.remove(id);
  expect(records.get(id)).toBeUndefined();
  expect(await readdir(directory)).toEqual([]);
});

it.each([
  ['is empty', ''],
  ['is not JSON', '{'],
  ['is of another shape', '{"step":"three"}'],
])('passes over a record that %s, and says so', async (_what, content) => {
  const sound = newContainerId();
  await open().write(sound, { step: 'one' });
  await writeFile(join(directory, `${newContainerId()}.json`), content);
  const records = open();
  await records.load();
  expect(records.entries()).toHaveLength(1);
  expect(logger.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
});
