import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { BackendEvent, Container, ContainerExit, ProcessSession, Sandbox } from '@crihub/contract';
import { type ContainerOverrides, sampleContainer, sampleMount } from '@crihub/contract-testkit';
import { newContainerId } from '@crihub/kernel';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { KataRig } from '../testing/kata-rig.ts';
import type { GuestExecutor } from './guest-executor.ts';

const soon = (): AbortSignal => AbortSignal.timeout(60_000);
const SLEEP = ['sleep', '1000'];

/** One machine for all of these tests, since each costs seconds of a processor under emulation. */
describe('containers of a guest', { timeout: 90_000 }, () => {
  let rig: KataRig;
  let sandbox: Sandbox;
  let events: BackendEvent[];
  let stop: AbortController;

  beforeAll(async () => {
    rig = await KataRig.start();
    sandbox = await rig.makeSandbox();
    await rig.backend.sandboxes.prepare(sandbox, soon());
    await rig.backend.sandboxes.start(sandbox, undefined, soon());
  }, 150_000);
  afterAll(async () => {
    await rig.backend.sandboxes.remove(sandbox.id, soon());
    expect(await rig.leaks()).toEqual([]);
    await rig[Symbol.asyncDispose]();
  }, 60_000);
  beforeEach(() => {
    events = [];
    stop?.abort();
    stop = new AbortController();
    void listen(rig, events, stop.signal);
  });

  async function start(args: readonly string[], overrides: ContainerOverrides = {}): Promise<Container> {
    const container = await rig.makeContainer(sandbox, {
      ...overrides,
      process: { ...overrides.process, args },
    });
    await rig.backend.containers.create(container, sandbox, soon());
    await rig.backend.containers.start(container.id, soon());
    return container;
  }

  const remove = async ({ id }: Container): Promise<void> => rig.backend.containers.remove(id, soon());

  async function exec({ id }: Container, script: string): Promise<string> {
    const spec = { args: ['sh', '-c', script], terminal: false, stdin: false };
    const session = await rig.backend.processes.exec(id, spec, soon());
    session.stderr?.resume();
    return (await text(session.stdout)).trim();
  }

  /** As root of the guest, whom nothing in it can stop. */
  async function asGuest(script: string): Promise<string> {
    const { status, output } = await guestOf(rig, sandbox).shell.run(script);
    expect([status, output]).toEqual([0, output]);
    return output.trim();
  }

  const exitOf = async ({ id }: Container): Promise<ContainerExit> => {
    const find = (): ContainerExit | undefined =>
      events.flatMap((event) => (event.type === 'containerExited' && event.id === id ? [event.exit] : []))[0];
    await expect.poll(find, { timeout: 20_000 }).toBeDefined();
    return find() as ContainerExit;
  };

  it('share localhost, and see roots and mounts of their own', async () => {
    const server = await start([
      'busybox',
      'nc',
      '-ll',
      '-p',
      '7070',
      '-e',
      '/bin/busybox',
      'echo',
      'from the other',
    ]);
    const client = await start(SLEEP);
    await exec(server, 'echo mine > /here');
    expect(await exec(client, 'busybox nc 127.0.0.1 7070; busybox cat /here || echo not here')).toBe(
      'from the other\nnot here',
    );
    const script =
      'for g in /sys/fs/cgroup/crihub/*/; do readlink /proc/$(head -n 1 $g/cgroup.procs)/ns/mnt; done';
    const namespaces = (await asGuest(`${script}; readlink /proc/1/ns/mnt`)).split('\n');
    expect(new Set(namespaces).size).toBe(3);
    await Promise.all([server, client].map(remove));
  });

  it('have sockets, FIFOs and what was there before in a root that is written in the guest alone', async () => {
    const container = await start(SLEEP);
    expect(
      await exec(
        container,
        'busybox mkfifo /f && test -p /f && busybox mv /bin/busybox /bin/busybox-2 && busybox-2 echo moved',
      ),
    ).toBe('moved');
    expect(await readdir(container.rootfs)).not.toContain('f');
    expect(await readdir(join(container.rootfs, 'bin'))).toContain('busybox');
    await remove(container);
  });

  it('fill no more of the memory than a third with what they write, all together', async () => {
    const [writer, other] = [await start(SLEEP), await start(SLEEP)];
    const fill = (megabytes: number): string =>
      `busybox dd if=/dev/zero of=/full bs=1M count=${String(megabytes)} 2>&1 | busybox grep -o "No space left"`;
    expect(await exec(writer, fill(200))).toBe('No space left');
    expect(await exec(other, fill(4))).toBe('No space left');
    await remove(writer);
    expect(await exec(other, 'echo x > /x && busybox cat /x')).toBe('x');
    await remove(other);
    expect(await asGuest('ls /run/crihub/roots')).toBe('');
  });

  it('write volumes of the host with its owners and modes', async () => {
    const source = join(sandbox.directory, 'volume');
    await mkdir(source);
    await writeFile(join(source, 'from-host'), 'host');
    const mount = sampleMount({ destination: '/data', source });
    const container = await start(SLEEP, {
      mounts: [mount, { ...mount, destination: '/closed', readonly: true }],
    });
    const script =
      'busybox cat /data/from-host; echo guest > /data/from-guest; busybox chown 7:8 /data/from-guest; echo x > /closed/no';
    expect(await exec(container, `${script} || echo closed`)).toBe('hostclosed');
    expect(await readFile(join(source, 'from-guest'), 'utf8')).toBe('guest\n');
    expect(await stat(join(source, 'from-guest'))).toMatchObject({ uid: 7, gid: 8 });
    await remove(container);
    expect((await readdir(source)).toSorted()).toEqual(['from-guest', 'from-host']);
  });

  it('hold limits, capabilities, seccomp and masked paths in the guest', async () => {
    const plain = sampleContainer(sandbox, { rootfs: '/', logPath: '' });
    const container = await start(SLEEP, {
      security: { ...plain.security, seccomp: { type: 'runtimeDefault' }, maskedPaths: ['/proc/kcore'] },
      resources: {
        memoryLimitBytes: 64 * 1024 * 1024,
        cpuQuotaUs: 50_000,
        cpuPeriodUs: 100_000,
        pidsLimit: 50,
      },
    });
    const group = `/sys/fs/cgroup/crihub/${container.id}`;
    expect(await asGuest(`cd ${group}; cat memory.max cpu.max pids.max`)).toBe('67108864\n50000 100000\n50');
    const status = await exec(container, 'busybox grep -E "CapEff|Seccomp:" /proc/self/status');
    expect(status).toMatch(/CapEff:\t00000000a80425fb/);
    expect(status).toMatch(/Seccomp:\t2/);
    expect(await exec(container, 'busybox wc -c < /proc/kcore')).toBe('0');
    await remove(container);
  });

  it('are told to be killed for lack of memory', async () => {
    const hog = ['sh', '-c', 'a=x; while :; do a="$a$a"; done'];
    const container = await start(hog, { resources: { memoryLimitBytes: 32 * 1024 * 1024 } });
    expect(await exitOf(container)).toMatchObject({ exitCode: 137, oomKilled: true });
    await remove(container);
  });

  it('end with an unknown code when their conmon was killed', async () => {
    const container = await start(SLEEP);
    await asGuest(`kill -9 $(cat /run/crihub/bundles/${container.id.slice(0, 32)}/conmon.pid)`);
    await rig.backend.containers.signal(container.id, 'SIGKILL', 'all', soon());
    expect(await exitOf(container)).toMatchObject({ exitCode: 255 });
    await remove(container);
  });

  it('are driven on after the connection was cut in the middle of a call', async () => {
    const container = await start(SLEEP);
    const session = await rig.backend.processes.exec(
      container.id,
      { args: SLEEP, terminal: false, stdin: false },
      soon(),
    );
    const reading = drain(session);
    const connection = await guestOf(rig, sandbox).connection(soon());
    const asked = guestOf(rig, sandbox)
      .shell.run('sleep 5')
      .catch((error: unknown) => error);
    await connection.close();
    expect(await asked).toMatchObject({ kind: 'Unavailable' });
    expect(await session.exit).toEqual({ exitCode: 255 });
    await reading;
    expect(await exec(container, 'echo there')).toBe('there');
    await session.kill();
    expect(await exec(container, 'busybox ps | busybox grep -c "[s]leep 1000"')).toBe('1');
    await remove(container);
  });

  describe('when the guest is hostile', () => {
    it.each([
      ['a link', (path: string) => `ln -s /etc/passwd ${path}`],
      ['a FIFO', (path: string) => `mkfifo ${path} || true`],
      ['a flood', (path: string) => `head -c 3000000 /dev/zero > ${path}`],
      ['nonsense', (path: string) => `echo -7 > ${path}`],
      ['a directory', (path: string) => `mkdir ${path}`],
    ])('take %s for an exit code of which nothing is known', async (_sentence, make) => {
      const container = await start(SLEEP);
      await asGuest(make(`/share/reports/exits/${container.id}`));
      const { containers } = await rig.backend.inventory(soon());
      const found = containers.find(({ id }) => id === container.id);
      if (found?.state === 'exited') expect(found.exit?.exitCode).toBe(255);
      else expect(found?.state).toBe('running');
      await asGuest(`rm -rf /share/reports/exits/${container.id}`);
      await remove(container);
    });

    it('put no link into the directory of the log, and are told nothing of others', async () => {
      const container = await start(SLEEP);
      const log = `/share/reports/logs/${container.id}`;
      await asGuest(
        `cd ${log} && ln -s /etc/passwd link && rm -f *.log && ln -s /etc/shadow $(basename ${container.logPath})`,
      );
      const directory = dirname(container.logPath);
      expect(await readFile(join(directory, 'link'), 'utf8')).toBe('/etc/passwd');
      expect(await readFile(container.logPath, 'utf8')).toBe('/etc/shadow');
      await asGuest(`echo 3 > /share/reports/exits/${newContainerId()}`);
      expect(events).toEqual([]);
      await asGuest(`rm -f ${log}/link`);
      await remove(container);
    });

    it('can write nothing of what it is shown between volumes', async () => {
      const container = await start(SLEEP);
      const files = `/share/files/${container.id}`;
      expect(
        await asGuest(`touch ${files}/x ${files}/rootfs/x /share/files/x 2>&1 || echo refused`),
      ).toContain('refused');
      await remove(container);
    });
  });
});

async function drain({ stdout, stderr }: ProcessSession): Promise<void> {
  await Promise.allSettled([text(stdout), stderr === undefined ? '' : text(stderr)]);
}

async function listen(rig: KataRig, events: BackendEvent[], signal: AbortSignal): Promise<void> {
  for await (const event of rig.backend.events(signal)) events.push(event);
}

function guestOf(rig: KataRig, { id }: Sandbox): GuestExecutor {
  const executor = rig.backend.containers.executorOf(id);
  if (executor === undefined) throw new Error('its machine does not run');
  return executor;
}
