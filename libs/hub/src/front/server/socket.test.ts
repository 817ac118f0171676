import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '@crihub/kernel';
import { ignoreCalls } from './call-observer.ts';
import { CriServer } from './cri-server.ts';
import { handlersWith, newFolder, TestServer } from './testing/test-server.ts';

let folder: string;
let servers: CriServer[];

beforeEach(async () => {
  folder = await newFolder();
  servers = [];
});

afterEach(async () => {
  await Promise.all(servers.map((server) => server.forceClose()));
  await rm(folder, { recursive: true });
});

function serverAt(socketPath: string, socketMode?: number): CriServer {
  const options = socketMode === undefined ? { socketPath } : { socketPath, socketMode };
  const dependencies = { handlers: handlersWith({}), logger: silentLogger, observer: ignoreCalls };
  const server = new CriServer(options, dependencies);
  servers.push(server);
  return server;
}

const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);

/** Leaves the socket of a process that was killed. */
async function staleSocket(path: string): Promise<void> {
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  await once(spawn(process.execPath, ['-e', script], { stdio: 'ignore' }), 'exit');
  expect((await stat(path)).isSocket()).toBe(true);
}

describe('the socket', () => {
  it.each([
    [undefined, '600'],
    [0o660, '660'],
    [0o666, '666'],
  ])('has the mode that the option %s asks for, whatever the umask', async (mode, expected) => {
    const before = process.umask(0o077);
    try {
      const path = join(folder, 'new/folder/cri.sock');
      await serverAt(path, mode).listen();
      expect(await modeOf(path)).toBe(expected);
    } finally {
      process.umask(before);
    }
  });

  it('is gone after the end, with all that was beside it but the lock file', async () => {
    const server = serverAt(join(folder, 'cri.sock'));
    await server.listen();
    expect(await readdir(folder)).toEqual(['cri.sock', 'cri.sock.lock']);
    await server.drain(1_000);
    expect(await readdir(folder)).toEqual(['cri.sock.lock']);
  });

  it('replaces one that a dead server left', async () => {
    const path = join(folder, 'cri.sock');
    await staleSocket(path);
    await serverAt(path).listen();
    expect(await modeOf(path)).toBe('600');
  });

  it('replaces what a crihub left that was killed while it started', async () => {
    const path = join(folder, 'cri.sock');
    await mkdir(`${path}.new`);
    await staleSocket(`${path}.new/s`);
    await serverAt(path).listen();
    expect(await readdir(folder)).toEqual(['cri.sock', 'cri.sock.lock']);
  });

  it('can be had again after the end', async () => {
    const path = join(folder, 'cri.sock');
    for (let time = 0; time < 3; time += 1) {
      const server = serverAt(path);
      await server.listen();
      await server.forceClose();
    }
    expect(await readdir(folder)).toEqual(['cri.sock.lock']);
  });

  it('is refused while another kind of server listens on it, which is left alone', async () => {
    const path = join(folder, 'cri.sock');
    const other = createServer().listen(path);
    await once(other, 'listening');
    await expect(serverAt(path).listen()).rejects.toMatchObject({
      kind: 'FailedPrecondition',
      message: `another server listens on ${path}: stop it, or choose another path`,
    });
    expect((await stat(path)).isSocket()).toBe(true);
    await new Promise((done) => other.close(done));
  });

  it('is refused while another crihub has it, which is left alone', async () => {
    await using test = await TestServer.start();
    await expect(serverAt(test.socketPath).listen()).rejects.toMatchObject({
      kind: 'FailedPrecondition',
      message: `another crihub serves at ${test.socketPath}: stop it, or choose another path`,
    });
    expect((await stat(test.socketPath)).isSocket()).toBe(true);
  });

  it('is had by one of many that start at once', async () => {
    const path = join(folder, 'cri.sock');
    await staleSocket(path);
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => serverAt(path).listen()));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await modeOf(path)).toBe('600');
  });

  it('never replaces a file that is no socket', async () => {
    const path = join(folder, 'cri.sock');
    await writeFile(path, 'precious');
    await expect(serverAt(path).listen()).rejects.toMatchObject({
      kind: 'FailedPrecondition',
      message: `${path} is there and not a socket: remove it, or choose another path`,
    });
    expect(await readFile(path, 'utf8')).toBe('precious');
  });

  it('may have a path as long as the kernel allows, and not a byte longer', async () => {
    const longest = join(folder, 'x'.repeat(100 - folder.length));
    await serverAt(longest).listen();
    await expect(serverAt(`${longest}x`).listen()).rejects.toMatchObject({
      kind: 'InvalidArgument',
      message: expect.stringContaining(
        'has 102 bytes, at most 101 are possible: choose a shorter one',
      ) as string,
    });
  });

  it('is served once by a server, which ends well after the second try', async () => {
    const server = serverAt(join(folder, 'cri.sock'));
    await server.listen();
    await expect(server.listen()).rejects.toMatchObject({ message: 'the server serves already' });
  });

  it('leaves nothing locked when it can not be put in its place', async () => {
    const path = join(folder, 'cri.sock');
    await expect(serverAt(path, Number.NaN).listen()).rejects.toThrow();
    await serverAt(path).listen();
    expect(await modeOf(path)).toBe('600');
  });

  it('must have an absolute path', async () => {
    await expect(serverAt('cri.sock').listen()).rejects.toMatchObject({ kind: 'InvalidArgument' });
  });

  it('names the folder that can not be made', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    await expect(serverAt(join(file, 'cri.sock')).listen()).rejects.toMatchObject({
      kind: 'FailedPrecondition',
      message: `can't make the folder of the socket, ${file}`,
    });
  });
});
