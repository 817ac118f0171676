import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { BackendEvent, Sandbox } from '@crihub/contract';
import { isAlive, listMounts, processRef } from '@crihub/linux';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KataRig } from './testing/kata-rig.ts';

const soon = (): AbortSignal => AbortSignal.timeout(60_000);

/** One machine for all of these tests, since each costs seconds of a processor under emulation. */
describe('a pod in a virtual machine', { timeout: 60_000 }, () => {
  let rig: KataRig;
  let sandbox: Sandbox;
  beforeAll(async () => {
    rig = await KataRig.start();
    sandbox = await rig.makeSandbox();
    await rig.backend.sandboxes.prepare(sandbox, soon());
    await rig.backend.sandboxes.start(sandbox, undefined, soon());
  }, 150_000);
  afterAll(async () => rig[Symbol.asyncDispose](), 60_000);

  const exec = async (
    id: Parameters<KataRig['backend']['processes']['exec']>[0],
    ...args: string[]
  ): Promise<string> => {
    const spec = { args: ['sh', '-c', ...args], terminal: false, stdin: false };
    const session = await rig.backend.processes.exec(id, spec, soon());
    return (await text(session.stdout)).trim();
  };

  it('is one process on the host, charged to the pod, without rights beyond files', async () => {
    expect(await rig.machine.countProcesses(rig.machine.podCgroup(sandbox.id), 'qemu')).toBe(1);
    const [pid] = await rig.machine.cgroups.processes(
      `${rig.machine.podCgroup(sandbox.id)}/crihub-machine-${sandbox.id.slice(0, 16)}`,
    );
    const status = await readFile(`/proc/${String(pid)}/status`, 'utf8');
    expect(status).toMatch(/Seccomp:\s+2/);
    expect(status).toMatch(/NoNewPrivs:\s+1/);
    const user = /Uid:\t(\d+)/.exec(status)?.[1] ?? '';
    expect(Number(user)).toBeGreaterThanOrEqual(1_900_000_000);
    expect(status).toMatch(new RegExp(String.raw`Uid:\t${user}\t${user}\t${user}\t${user}\n`));
    expect(status).toMatch(new RegExp(String.raw`Gid:\t${user}\t${user}\t${user}\t${user}\n`));
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
      expect(status).toMatch(new RegExp(String.raw`${set}:\s+000000008000001b`));
    }
  });

  it('sees nothing of the host but its shares, and mounts nothing there', async () => {
    const container = await rig.makeContainer(sandbox, { process: { args: ['true'] } });
    await rig.backend.containers.create(container, sandbox, soon());
    const [pid = Number.NaN] = await rig.machine.cgroups.processes(
      `${rig.machine.podCgroup(sandbox.id)}/crihub-machine-${sandbox.id.slice(0, 16)}`,
    );
    const root = `/proc/${String(pid)}/root`;
    expect((await readdir(root)).toSorted()).toEqual(['proc', 'share']);
    expect((await readdir(`${root}/proc`)).toSorted()).toEqual([String(pid), 'self'].toSorted());
    expect(await readdir(`${root}/share/files`)).toEqual([container.id]);
    expect(await readlink(`/proc/${String(pid)}/cwd`)).toBe('/');
    expect(await listMounts(join(rig.directory, 'run'))).toEqual([]);
    await rig.backend.containers.remove(container.id, soon());
    expect(await readdir(`${root}/share/files`)).toEqual([]);
  });

  it('runs containers that share a network and see different roots, each in a mount namespace of its own', async () => {
    const server = await rig.makeContainer(sandbox, {
      process: {
        args: ['sh', '-c', 'echo one > /who; echo from one > /tmp/f; nc -ll -p 8080 -e cat /tmp/f'],
      },
    });
    const client = await rig.makeContainer(sandbox, { process: { args: ['sleep', '1000'] } });
    for (const container of [server, client]) {
      await rig.backend.containers.create(container, sandbox, soon());
      await rig.backend.containers.start(container.id, soon());
    }
    expect(await exec(client.id, 'cat /who 2>&1 || true')).toMatch(/No such file/);
    const namespaces = [
      await exec(server.id, 'readlink /proc/self/ns/mnt'),
      await exec(client.id, 'readlink /proc/self/ns/mnt'),
    ];
    expect(new Set(namespaces).size).toBe(2);
    expect(await exec(server.id, 'readlink /proc/self/ns/net')).toBe(
      await exec(client.id, 'readlink /proc/self/ns/net'),
    );
  });

  it('tells what each of its containers uses, and holds open', async () => {
    const figures = [...(await rig.backend.statistics.figures(sandbox.id, soon())).values()];
    expect(figures.map(({ cgroupFiles }) => Number(cgroupFiles.get('memory.peak')) > 0)).toEqual([
      true,
      true,
    ]);
    // Of the two, the server alone has a socket.
    expect(figures.map(({ descriptors }) => descriptors?.sockets).toSorted()).toEqual([0, 1]);
  });

  it('is reached at its ports without a network', async () => {
    await expect(rig.backend.portForward.connect(sandbox.id, 9, soon())).rejects.toMatchObject({
      kind: 'Unavailable',
    });
  });

  it('is joined again by the next daemon', async () => {
    const backend = await rig.reopen();
    const { sandboxes, containers } = await backend.inventory(soon());
    expect(sandboxes.map(({ state }) => state)).toEqual(['running']);
    expect(containers.map(({ state }) => state)).toEqual(['running', 'running']);
  });

  it('tells within two seconds that QEMU was killed, with all its containers', async () => {
    const stop = new AbortController();
    const seen: BackendEvent[] = [];
    const events = rig.backend.events(stop.signal);
    const listening = (async () => {
      for await (const event of events) seen.push(event);
    })();
    const [pid = Number.NaN] = await rig.machine.cgroups.processes(
      `${rig.machine.podCgroup(sandbox.id)}/crihub-machine-${sandbox.id.slice(0, 16)}`,
    );
    const qemu = await processRef(pid);
    process.kill(pid, 'SIGKILL');
    await expect
      .poll(() => seen.map(({ type }) => type).toSorted(), { timeout: 2_000 })
      .toEqual(['containerExited', 'containerExited', 'sandboxExited']);
    expect(seen.flatMap((event) => (event.type === 'containerExited' ? [event.exit.exitCode] : []))).toEqual([
      137, 137,
    ]);
    expect(qemu !== undefined && (await isAlive(qemu))).toBe(false);
    stop.abort();
    await listening;
  });

  it('leaves nothing behind', async () => {
    await rig.backend.sandboxes.remove(sandbox.id, soon());
    expect(await rig.leaks()).toEqual([]);
  });
});

it('says how to get a guest where there is none', async () => {
  await using rig = await KataRig.start({ guestDirectory: '/nonexistent' });
  expect(await rig.backend.health(soon())).toMatchObject({
    healthy: false,
    reason: 'GuestMissing',
    message: expect.stringContaining('npm run guest') as unknown,
  });
});
