import { createServer, type Server } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { DockerEngine, HijackedStreams } from '@crihub/transport/docker-engine';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { EngineLink } from '../engine-link.ts';
import { ExecExits } from './exec-exits.ts';
import { ExecSession } from './exec-session.ts';

const EXEC = 'abc';

let directory: string;
let server: Server;
let asked: number;
let answer: { readonly status: number; readonly body: object };
let link: EngineLink;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'crihub-exec-'));
  const socketPath = join(directory, 'socket');
  asked = 0;
  server = createServer((_request, response) => {
    asked += 1;
    response.writeHead(answer.status).end(JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  link = new EngineLink({ callTimeoutMs: 1_000 }, { engine: new DockerEngine({ socketPath }) });
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(directory, { recursive: true });
});

function start(): {
  readonly session: ExecSession;
  readonly connection: PassThrough;
  readonly exits: ExecExits;
} {
  const connection = new PassThrough();
  const exits = new ExecExits();
  const streams = new HijackedStreams(connection, { terminal: true, input: undefined });
  const input = { execId: EXEC, container: 'c', mark: 'm=1', streams, terminal: true };
  const cgroups = { processes: async () => [] };
  const session = new ExecSession(input, { link, exits, cgroups });
  return { session, connection, exits };
}

it('takes the exit code from the event, and does not ask the engine as well', async () => {
  answer = { status: 200, body: { Running: false, ExitCode: 1, Pid: 7 } };
  const { session, connection, exits } = start();
  connection.end();
  await delay(1);
  exits.ended(EXEC, 3);
  expect(await session.exit).toEqual({ exitCode: 3 });
  await delay(100);
  expect(asked).toBe(0);
});

it.each([
  ['the exit code', { status: 200, body: { Running: false, ExitCode: 4, Pid: 7 } }, 4],
  ['that it knows nothing of it', { status: 404, body: { message: 'No such exec instance' } }, 255],
])('asks the engine when no event comes, which tells %s', async (_what, told, exitCode) => {
  answer = told;
  const { session, connection } = start();
  connection.end();
  expect(await session.exit).toEqual({ exitCode });
});
