import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectionTrouble, explainFailure, unreachable } from './call-failure.ts';

const failure = (code: status, details: string): Error =>
  Object.assign(new Error(`${String(code)} ${details}`), { code, details });

describe('a failure', () => {
  let folder: string;
  let socket: string;
  const server = createServer();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'crihub-client-'));
    socket = join(folder, 'listens.sock');
    await new Promise<void>((resolve) => server.listen(socket, resolve));
  });
  afterAll(async () => {
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true });
  });

  it.each<[string, status, string, string, RegExp]>([
    ["of the daemon's has its words", status.NOT_FOUND, 'no pod x', 'NotFound', /^no pod x$/],
    [
      'of a backend is not taken for a daemon that is away',
      status.UNAVAILABLE,
      'kata is down',
      'Unavailable',
      /^kata/,
    ],
    ['of a code that has no kind is internal', status.DATA_LOSS, 'oops', 'Internal', /^oops$/],
    [
      'of a runtime that is not crihub says so',
      status.UNIMPLEMENTED,
      'unknown service crihub.admin.v1.Admin',
      'Unimplemented',
      /listens\.sock is not crihubd/,
    ],
    [
      'of time says who took too long',
      status.DEADLINE_EXCEEDED,
      'Deadline exceeded after 30.002s',
      'DeadlineExceeded',
      /did not answer in time/,
    ],
    [
      "of time that is a program's has the daemon's words",
      status.DEADLINE_EXCEEDED,
      'sleep took longer than 1 s',
      'DeadlineExceeded',
      /^sleep took longer/,
    ],
  ])('%s', async (_sentence, code, details, kind, message) => {
    const explained = await explainFailure(failure(code, details), socket);
    expect(explained).toMatchObject({ kind, message: expect.stringMatching(message) as string });
  });

  it('to connect says that the daemon is not running', async () => {
    const explained = await explainFailure(failure(status.UNAVAILABLE, 'x'), join(folder, 'none.sock'));
    expect(explained).toMatchObject({
      kind: 'Unavailable',
      message: expect.stringMatching(
        /^crihubd is not running: there is no .*systemctl start crihubd/,
      ) as string,
    });
  });

  it('of another kind stays as it is', async () => {
    const error = new TypeError('x');
    expect(await explainFailure(error, socket)).toBe(error);
  });

  it('to connect has its code', async () => {
    expect(await connectionTrouble(socket)).toBeUndefined();
    expect(await connectionTrouble(join(folder, 'none.sock'))).toBe('ENOENT');
  });

  it.each([
    ['ECONNREFUSED', 'Unavailable', 'nothing answers on (ECONNREFUSED) /s'],
    ['EACCES', 'PermissionDenied', 'run the command as root'],
  ])('to connect with %s is explained', (code, kind, words) => {
    expect(unreachable('/s', code)).toMatchObject({
      kind,
      message: expect.stringContaining(words) as string,
    });
  });
});
