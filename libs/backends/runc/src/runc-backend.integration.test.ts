import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import type { BackendEvent, Container, InventoryContainer, ProcessSession, Sandbox } from '@crihub/contract';
import { type ContainerOverrides, sampleMount } from '@crihub/contract-testkit';
import { commandLineOf, listPids } from '@crihub/linux';
import { afterEach, describe, expect, it } from 'vitest';
import type { RuncOptions } from './options.ts';
import { RuncRig } from './testing/runc-rig.ts';

const soon = (): AbortSignal => AbortSignal.timeout(20_000);
const SLEEP = ['/bin/sleep', '1000'];

const rigs: RuncRig[] = [];
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig[Symbol.asyncDispose]();
});

async function startRig(options: Partial<RuncOptions>): Promise<RuncRig> {
  const rig = await RuncRig.start(options);
  rigs.push(rig);
  return rig;
}

async function runPod(rig: RuncRig, overrides: Partial<Sandbox> = {}): Promise<Sandbox> {
  const sandbox = await rig.makeSandbox(overrides);
  await rig.backend.sandboxes.prepare(sandbox, soon());
  await rig.backend.sandboxes.start(sandbox, undefined, soon());
  return sandbox;
}

async function runContainer(
  rig: RuncRig,
  sandbox: Sandbox,
  args: readonly string[],
  overrides: ContainerOverrides = {},
): Promise<Container> {
  const container = await rig.makeContainer(sandbox, {
    ...overrides,
    process: { ...overrides.process, args },
  });
  await rig.backend.containers.create(container, sandbox, soon());
  await rig.backend.containers.start(container.id, soon());
  return container;
}

async function exec(rig: RuncRig, { id }: Container, ...args: string[]): Promise<ProcessSession> {
  return await rig.backend.processes.exec(id, { args, terminal: false, stdin: false }, soon());
}

async function outputOf(session: ProcessSession): Promise<string> {
  session.stderr?.resume();
  return await text(session.stdout);
}

async function conmonOf(rig: RuncRig, { id }: Container): Promise<number> {
  const pidFile = join(rig.directory, 'run/bundles', id.slice(0, 32), 'conmon.pid');
  return Number(await readFile(pidFile, 'utf8'));
}

async function containerOf(rig: RuncRig, { id }: Container): Promise<InventoryContainer | undefined> {
  const { containers } = await rig.backend.inventory(soon());
  return containers.find((container) => container.id === id);
}

function listen(rig: RuncRig): { readonly events: readonly BackendEvent[]; readonly stop: () => void } {
  const end = new AbortController();
  const events: BackendEvent[] = [];
  const reading = (async () => {
    for await (const event of rig.backend.events(end.signal)) events.push(event);
  })();
  return {
    events,
    stop: () => {
      end.abort();
      void reading;
    },
  };
}

describe.each(['crun', 'runc'])('pods by %s', (runtime) => {
  it('share a PID namespace in which an init process reaps', async () => {
    const rig = await startRig({ runtime });
    const sandbox = await runPod(rig, { namespaces: { network: 'pod', ipc: 'pod', pid: 'pod' } });
    const first = await runContainer(rig, sandbox, ['/bin/sleep', '4711']);
    const second = await runContainer(rig, sandbox, SLEEP);
    const seen = await outputOf(
      await exec(rig, second, '/bin/sh', '-c', 'cat /proc/[0-9]*/cmdline | tr "\\0" " "'),
    );
    expect(seen).toContain('/catatonit -P');
    expect(seen).toContain('/bin/sleep 4711');
    // The first process of a container is none of PID 1 here: its death ends it alone.
    await rig.backend.containers.signal(first.id, 'SIGKILL', 'init', soon());
    await expect.poll(async () => (await containerOf(rig, first))?.state).toBe('exited');
    expect((await containerOf(rig, second))?.state).toBe('running');
    await rig.backend.sandboxes.remove(sandbox.id, soon());
    expect(await rig.leaks()).toEqual([]);
  });

  it('tell that their shared PID namespace has died, and all in it', async () => {
    const rig = await startRig({ runtime });
    const sandbox = await runPod(rig, { namespaces: { network: 'pod', ipc: 'pod', pid: 'pod' } });
    const container = await runContainer(rig, sandbox, SLEEP);
    const { events, stop } = listen(rig);
    const { pid } = await rig.backend.sandboxes.start(sandbox, undefined, soon());
    process.kill(pid as number, 'SIGKILL');
    await expect.poll(() => events.map(({ type }) => type)).toContain('sandboxExited');
    await expect.poll(async () => (await containerOf(rig, container))?.state).toBe('exited');
    expect((await rig.backend.inventory(soon())).sandboxes).toMatchObject([{ state: 'stopped' }]);
    stop();
    await rig.backend.sandboxes.remove(sandbox.id, soon());
    expect(await rig.leaks()).toEqual([]);
  });

  it('let a container join the PID namespace of another', async () => {
    const rig = await startRig({ runtime });
    const sandbox = await runPod(rig);
    const target = await runContainer(rig, sandbox, ['/bin/sleep', '4712']);
    const debug = await runContainer(rig, sandbox, SLEEP, {
      pidNamespace: { mode: 'target', target: target.id },
    });
    expect(await outputOf(await exec(rig, debug, '/bin/cat', '/proc/1/cmdline'))).toContain('4712');
  });

  it('have a host name, an address of their own and shared memory in common', async () => {
    const rig = await startRig({ runtime });
    const sandbox = await runPod(rig, { hostname: 'as-told', sysctls: { 'net.ipv4.ip_forward': '1' } });
    const [first, second] = [
      await runContainer(rig, sandbox, SLEEP),
      await runContainer(rig, sandbox, SLEEP),
    ];
    const read = await outputOf(
      await exec(
        rig,
        first,
        '/bin/sh',
        '-c',
        'echo there >/dev/shm/x; cat /proc/sys/kernel/hostname /proc/sys/net/ipv4/ip_forward',
      ),
    );
    expect(read).toBe('as-told\n1\n');
    expect(await outputOf(await exec(rig, second, '/bin/cat', '/dev/shm/x'))).toBe('there\n');
  });

  it('keep conmon in the pod, not in the cgroup of the daemon', async () => {
    const rig = await startRig({ runtime });
    const sandbox = await runPod(rig);
    const container = await runContainer(rig, sandbox, SLEEP);
    const groups = await readFile(`/proc/${String(await conmonOf(rig, container))}/cgroup`, 'utf8');
    expect(groups).toContain(`${sandbox.cgroupParent}/crihub-monitor`);
  });

  it.runIf(runtime === 'crun')('run in a user namespace that owns their network', async () => {
    const rig = await startRig({ runtime });
    await chmod(rig.directory, 0o711); // its root must find the way to its bundle
    const ids = [{ containerId: 0, hostId: 200_000, length: 65_536 }];
    const sandbox = await runPod(rig, {
      namespaces: { network: 'pod', ipc: 'pod', pid: 'pod', user: { uids: ids, gids: ids } },
    });
    const container = await runContainer(rig, sandbox, SLEEP);
    expect(await outputOf(await exec(rig, container, '/bin/cat', '/proc/self/uid_map'))).toMatch(
      /0\s+200000\s+65536/,
    );
    await rig.backend.sandboxes.remove(sandbox.id, soon());
    expect(await rig.leaks()).toEqual([]);
  });
});

describe.each(['crun', 'runc'])('bad days of %s', (runtime) => {
  it('kill an exec that has cut itself off from its parents', async () => {
    const rig = await startRig({ runtime });
    const container = await runContainer(rig, await runPod(rig), SLEEP);
    const detach = '(setsid sh -c "sleep 4713 & sleep 4713 & exit" &); sleep 4713';
    const session = await exec(rig, container, '/bin/sh', '-c', detach);
    session.stdout.resume();
    session.stderr?.resume();
    await expect.poll(() => rig.countProcesses(container, '4713')).toBeGreaterThanOrEqual(3);
    await session.kill();
    expect(await rig.countProcesses(container, '4713')).toBe(0);
    expect(await rig.countProcesses(container, '1000')).toBe(1);
  });

  it('tell the end of a container whose conmon was killed', async () => {
    const rig = await startRig({ runtime, monitorIntervalMs: 100 });
    const container = await runContainer(rig, await runPod(rig), SLEEP);
    const { events, stop } = listen(rig);
    process.kill(await conmonOf(rig, container), 'SIGKILL');
    await delay(300);
    expect(await containerOf(rig, container)).toMatchObject({ state: 'running' });
    await rig.backend.containers.signal(container.id, 'SIGKILL', 'init', soon());
    await expect
      .poll(() => events.filter(({ type }) => type === 'containerExited'))
      .toMatchObject([{ id: container.id, exit: { exitCode: 255, oomKilled: false } }]);
    stop();
    await rig.backend.containers.remove(container.id, soon());
  });

  it('show all as ended after a reboot, and let it be removed', async () => {
    const rig = await startRig({ runtime });
    const sandbox = await runPod(rig, { namespaces: { network: 'pod', ipc: 'pod', pid: 'pod' } });
    const container = await runContainer(rig, sandbox, SLEEP);
    await rig.reboot();
    const { sandboxes, containers } = await rig.backend.inventory(soon());
    expect(sandboxes).toMatchObject([{ id: sandbox.id, state: 'stopped' }]);
    expect(containers).toMatchObject([{ id: container.id, state: 'exited' }]);
    await rig.backend.containers.signal(container.id, 'SIGTERM', 'init', soon());
    await rig.backend.sandboxes.stop(sandbox.id, soon());
    await rig.backend.sandboxes.remove(sandbox.id, soon());
    expect(await rig.leaks()).toEqual([]);
  });

  it('give the sentence of a runtime that refuses, and clean up', async () => {
    const rig = await startRig({ runtime });
    const sandbox = await runPod(rig);
    const container = await rig.makeContainer(sandbox, {
      mounts: [sampleMount({ destination: '/data', source: join(rig.directory, 'no-such-source') })],
    });
    await expect(rig.backend.containers.create(container, sandbox, soon())).rejects.toMatchObject({
      kind: 'FailedPrecondition',
      message: expect.stringContaining('no-such-source') as string,
    });
    expect(await containerOf(rig, container)).toMatchObject({ state: 'partial' });
    await rig.backend.sandboxes.remove(sandbox.id, soon());
    expect(await rig.leaks()).toEqual([]);
  });
});

describe('a runtime that does not behave', () => {
  const script = async (rig: RuncRig, name: string, body: string): Promise<string> => {
    const path = join(rig.directory, name);
    await writeFile(path, `#!/bin/sh\n${body}\n`);
    await chmod(path, 0o755);
    return path;
  };

  it.each([
    ['fails', 'echo "level=error msg=\\"it is \\\\\\"broken\\\\\\"\\"" >&2; exit 1', 'it is "broken"'],
    ['prints rubbish', 'head -c 300 /dev/urandom >&2; exit 3', ''],
    ['says nothing', 'exit 1', 'gave no report'],
  ])('that %s makes creation fail, and leaves nothing', async (_how, body, sentence) => {
    const broken = await script(await startRig({}), 'broken', body);
    const rig = await startRig({ runtime: broken });
    const sandbox = await runPod(rig);
    const container = await rig.makeContainer(sandbox);
    await expect(rig.backend.containers.create(container, sandbox, soon())).rejects.toMatchObject({
      kind: 'FailedPrecondition',
      message: expect.stringContaining(sentence) as string,
    });
    await rig.backend.sandboxes.remove(sandbox.id, soon());
    expect(await rig.leaks()).toEqual([]);
  });

  it('that hangs is given up after its time, and killed', async () => {
    const hanging = await script(await startRig({}), 'hanging', 'exec sleep 86417');
    const rig = await startRig({ runtime: hanging, createTimeoutMs: 300 });
    const sandbox = await runPod(rig);
    const container = await rig.makeContainer(sandbox);
    await expect(rig.backend.containers.create(container, sandbox, soon())).rejects.toMatchObject({
      kind: 'DeadlineExceeded',
    });
    await rig.backend.sandboxes.remove(sandbox.id, soon());
    expect(await rig.leaks()).toEqual([]);
    await expect
      .poll(async () => (await Promise.all((await listPids()).map(commandLineOf))).flat())
      .not.toContain('86417');
  });

  it('that is missing makes the backend unhealthy, naming what to install', async () => {
    const rig = await startRig({ runtime: 'no-such-runtime' });
    expect(await rig.backend.health(soon())).toMatchObject({
      healthy: false,
      reason: 'ProgramNotInstalled',
      message: expect.stringContaining('install the package no-such-runtime') as string,
    });
  });

  it.each(['crun', 'runc'])('unlike %s, which is healthy', async (runtime) => {
    const rig = await startRig({ runtime });
    expect(await rig.backend.health(soon())).toMatchObject({
      healthy: true,
      version: expect.stringMatching(new RegExp(`^${runtime} version .*, conmon version`)) as string,
      capabilities: { recursiveReadonlyMounts: true, hostNetwork: true },
    });
  });
});
