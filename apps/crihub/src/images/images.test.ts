import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { PullImageResponse, PullPhase } from '@crihub/wire/admin';
import { Image } from '@crihub/wire/cri';
import { type CredentialOptions, readCredentials } from './credentials.ts';
import { namesOf } from './list-images.ts';
import { PullLines } from './pull-display.ts';
import { describeProgress } from './pull-progress.ts';

describe('credentials', () => {
  const read = async (options: CredentialOptions, input = ''): Promise<unknown> =>
    await readCredentials(options, Readable.from(input === '' ? [] : [Buffer.from(input)]));

  it('are absent where none are given', async () => {
    expect(await read({}, 'not read')).toBeUndefined();
  });

  it.each([
    ['a line', 'secret\n', 'secret'],
    ['a line of Windows', 'secret\r\n', 'secret'],
    ['no line', 'secret', 'secret'],
    ['a password with newlines', 'two\nlines\n', 'two\nlines'],
  ])('take the password from %s', async (_sentence, input, password) => {
    const credentials = await read({ username: 'ann', passwordStdin: true }, input);
    expect(credentials).toEqual({ username: 'ann', password });
  });

  it.each<[string, CredentialOptions, string, string]>([
    ['a name alone', { username: 'ann' }, '', '--password-stdin'],
    ['a password alone', { passwordStdin: true }, 'secret', '--username'],
    ['an empty password', { username: 'ann', passwordStdin: true }, '\n', 'is empty'],
    ['a file', { username: 'ann', passwordStdin: true }, 'x'.repeat(100_000), 'too long'],
  ])('are not %s', async (_sentence, options, input, message) => {
    const reading = read(options, input);
    await expect(reading).rejects.toMatchObject({ kind: 'InvalidArgument' });
    await expect(reading).rejects.toThrow(message);
  });
});

const fetching = (layersDone: number, bytesDone: bigint): PullImageResponse =>
  PullImageResponse.create({
    phase: PullPhase.PULL_PHASE_FETCHING,
    layers: 3,
    layersDone,
    bytes: 3_000_000n,
    bytesDone,
  });

describe('progress', () => {
  it.each<[PullImageResponse, string]>([
    [PullImageResponse.create(), 'resolving'],
    [fetching(1, 1_234_567n), '1 of 3 layers, 1.23MB of 3MB'],
    [PullImageResponse.create({ phase: PullPhase.PULL_PHASE_DONE }), 'already here'],
  ])('in words', (progress, words) => {
    expect(describeProgress(progress)).toBe(words);
  });

  it('in a log has a line for each phase, not for each message', async () => {
    const lines: string[] = [];
    using display = new PullLines('app:1', { remark: async (line) => void lines.push(line) });
    for (const bytes of [0n, 1n, 2n]) await display.show(fetching(0, bytes));
    await display.show({ ...fetching(3, 3_000_000n), phase: PullPhase.PULL_PHASE_DONE });
    expect(lines).toEqual(['app:1: 0 of 3 layers, 0B of 3MB', 'app:1: 3 of 3 layers, 3MB of 3MB']);
  });
});

it.each([
  [{ repoTags: ['localhost:5000/app:1', 'app:latest'] }, ['localhost:5000/app 1', 'app latest']],
  [{ repoDigests: ['registry.example/app@sha256:12'] }, ['registry.example/app ']],
  [{}, [' ']],
])('the image %o is listed as %o', (image, rows) => {
  const named = namesOf(Image.create({ id: 'sha256:1', ...image }));
  expect(named.map(({ repository, tag }) => `${repository} ${tag}`)).toEqual(rows);
});
