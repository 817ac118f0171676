import { execFile } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { listMounts, mountPropagationOf } from '../mounts/mountinfo.ts';
import { type LinuxRig, startRig } from '../testing/rig.ts';

const execute = promisify(execFile);

let rig: LinuxRig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

const at = (name: string): string => join(rig.directory, name);
const paths = { net: 'net', ipc: 'ipc', uts: 'uts', user: 'user' };
afterEach(async () => {
  for (const name of Object.values(paths)) await rig.namespaces.remove(at(name));
});

/** Runs a shell line in the pinned namespaces and returns what it prints. */
async function inside(types: readonly (keyof typeof paths)[], line: string): Promise<string> {
  const options = types.map((type) => `--${type}=${at(paths[type])}`);
  return (await execute('nsenter', [...options, '--', 'sh', '-c', line])).stdout.trim();
}

const ownNamespaces = (): readonly string[] =>
  ['net', 'ipc', 'uts'].map((type) => readlinkSync(`/proc/self/ns/${type}`));

describe('create', () => {
  it('pins configured namespaces and leaves this process in its own', async () => {
    const [before, name] = [ownNamespaces(), hostname()];
    await rig.namespaces.create({
      net: at('net'),
      ipc: at('ipc'),
      uts: { path: at('uts'), hostname: 'pod-1' },
      sysctls: { 'net.ipv4.ip_unprivileged_port_start': '0', 'kernel.shm_rmid_forced': '1' },
    });
    expect(await inside(['uts'], 'hostname')).toBe('pod-1');
    expect(await inside(['net'], 'cat /proc/sys/net/ipv4/ip_unprivileged_port_start')).toBe('0');
    expect(await inside(['ipc'], 'cat /proc/sys/kernel/shm_rmid_forced')).toBe('1');
    expect(await inside(['net'], 'ip -o link show lo')).toContain('LOOPBACK,UP');
    expect(ownNamespaces()).toEqual(before);
    expect(hostname()).toBe(name);
    expect(await rig.namespaces.isPinned(at('net'))).toBe(true);
    expect(await readFile('/proc/sys/kernel/shm_rmid_forced', 'utf8')).toBe('0\n');
  });

  it.each([
    { sentence: 'of the node', sysctls: { 'vm.overcommit_memory': '1' } },
    { sentence: 'of a namespace that is not made', sysctls: { 'kernel.shmmax': '1' } },
    { sentence: 'that does not exist', sysctls: { 'net.ipv4.no_such_thing': '1' } },
    { sentence: 'whose value the kernel refuses', sysctls: { 'net.ipv4.ip_unprivileged_port_start': 'x' } },
    { sentence: 'that leads elsewhere', sysctls: { 'net/../vm/overcommit_memory': '1' } },
  ])('leaves nothing after refusing a sysctl $sentence', async ({ sysctls }) => {
    const [name = '', value] = Object.entries(sysctls)[0] ?? [];
    const create = rig.namespaces.create({ net: at('net'), sysctls: { [name]: value as string } });
    await expect(create).rejects.toMatchObject({ kind: 'InvalidArgument' });
    await expect(create).rejects.toThrow(name);
    expect(await readdir(rig.directory)).toEqual([]);
    await rig.namespaces.create({ net: at('net') }); // the thread still works
  });

  it('never takes over a file that exists', async () => {
    await writeFile(at('net'), '');
    await expect(rig.namespaces.create({ ipc: at('ipc'), net: at('net') })).rejects.toMatchObject({
      kind: 'AlreadyExists',
    });
    expect(await rig.namespaces.isPinned(at('net'))).toBe(false);
    expect(await readdir(rig.directory)).toEqual(['net']);
  });

  it('makes many at once', async () => {
    const names = Array.from({ length: 40 }, (_, index) => at(`many-${String(index)}`));
    await Promise.all(names.map((net) => rig.namespaces.create({ net })));
    expect((await listMounts(rig.directory)).length).toBe(40);
    await Promise.all(names.map((net) => rig.namespaces.remove(net)));
    expect(await readdir(rig.directory)).toEqual([]);
  });
});

describe('create with a user namespace', () => {
  const mapping = [{ containerId: 0, hostId: 300_000, length: 65_536 }];

  it('makes namespaces that belong to it', async () => {
    await rig.namespaces.create({
      user: { path: at('user'), uids: mapping, gids: mapping },
      net: at('net'),
      ipc: at('ipc'),
      uts: { path: at('uts'), hostname: 'pod-2' },
      sysctls: { 'net.ipv4.ip_unprivileged_port_start': '80' },
    });
    expect(await inside(['user'], 'cat /proc/self/uid_map')).toMatch(/^0\s+300000\s+65536$/);
    expect(await inside(['user', 'uts'], 'hostname')).toBe('pod-2');
    // Only the owner of a network namespace may add an interface to it.
    expect(
      await inside(['user', 'net'], 'ip link add dummy0 type bridge && ip -o link show dummy0'),
    ).toContain('dummy0');
    expect(await inside(['net'], 'ip -o link show lo')).toContain('LOOPBACK,UP');
    expect(await inside(['net'], 'cat /proc/sys/net/ipv4/ip_unprivileged_port_start')).toBe('80');
  });

  it.each([
    {
      sentence: 'a mapping that the kernel refuses',
      uids: [{ containerId: 0, hostId: 0, length: 0 }],
      sysctls: {},
    },
    { sentence: 'a sysctl that it refuses', uids: mapping, sysctls: { 'net.none': '1' } },
  ])('leaves nothing after $sentence', async ({ uids, sysctls }) => {
    const user = { path: at('user'), uids, gids: mapping };
    await expect(rig.namespaces.create({ user, net: at('net'), sysctls })).rejects.toMatchObject({
      kind: 'InvalidArgument',
    });
    expect((await readdir(rig.directory)).filter((name) => !name.startsWith('many'))).toEqual([]);
  });
});

describe('remove', () => {
  it('may be repeated, and takes away a file that was never bound', async () => {
    await writeFile(at('net'), '');
    await rig.namespaces.remove(at('net'));
    await rig.namespaces.remove(at('net'));
    expect(await readdir(rig.directory)).toEqual([]);
  });
});

describe('in a network namespace', () => {
  it('lists addresses and counts traffic', async () => {
    await rig.namespaces.create({ net: at('net') });
    await inside(['net'], 'ip addr add 10.9.8.7/24 dev lo');
    expect(await rig.namespaces.listAddresses(at('net'))).toContainEqual(
      expect.objectContaining({ interface: 'lo', family: 'ipv4', address: '10.9.8.7', prefixLength: 24 }),
    );
    const [lo] = await rig.namespaces.readInterfaceStatistics(at('net'));
    expect(lo).toMatchObject({ name: 'lo', receivedBytes: 0 });
  });

  it('connects to what listens there, and not here', async () => {
    await rig.namespaces.create({ net: at('net') });
    const server = createServer((socket) => socket.end('outside')).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    await expect(rig.namespaces.connectTcp(at('net'), { host: '127.0.0.1', port })).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
    const script = `require('net').createServer(s => s.end('inside')).listen(${String(port)}, '127.0.0.1', () => console.log('up'))`;
    const child = execFile('nsenter', [`--net=${at('net')}`, process.execPath, '-e', script]);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    const socket = await rig.namespaces.connectTcp(at('net'), { host: '127.0.0.1', port });
    const received = await socket
      .setEncoding('utf8')
      .reduce((text: string, chunk: string) => text + chunk, '');
    expect(received).toBe('inside');
    child.kill('SIGKILL');
    server.close();
  });

  it('honours the signal while it connects', async () => {
    await rig.namespaces.create({ net: at('net') });
    await inside(
      ['net'],
      'ip link add v0 type veth peer name v1; ip addr add 10.1.1.1/24 dev v0; ip link set v0 up; ip link set v1 up',
    );
    const connect = rig.namespaces.connectTcp(
      at('net'),
      { host: '10.1.1.2', port: 9 },
      AbortSignal.timeout(50),
    );
    await expect(connect).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});

describe('prepareDirectory', () => {
  it('makes a directory on a shared mount, once', async () => {
    const path = at('run/netns');
    await rig.namespaces.prepareDirectory(path);
    await rig.namespaces.prepareDirectory(path);
    expect(await mountPropagationOf(path)).toBe('shared');
    expect((await listMounts(path)).length).toBeLessThanOrEqual(1);
    await rig.namespaces.create({ net: join(path, 'pod') });
    expect(await rig.namespaces.isPinned(join(path, 'pod'))).toBe(true);
    await rig.namespaces.remove(join(path, 'pod'));
    expect(await readdir(path)).toEqual([]);
  });
});
