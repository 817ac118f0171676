import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BackendEvent, Container, Sandbox } from '@crihub/contract';
import { sleep } from '@crihub/kernel';
import { expect, it } from 'vitest';
import { ContainerdRig } from './testing/containerd-rig.ts';

const PODS = 20;
const LINES = 3_000;
const soon = (): AbortSignal => AbortSignal.timeout(30_000);

async function chattyPod(
  rig: ContainerdRig,
  script: string,
): Promise<{ sandbox: Sandbox; container: Container }> {
  const { sandboxes, containers } = rig.backend;
  const sandbox = await rig.makeSandbox();
  await sandboxes.prepare(sandbox, soon());
  await sandboxes.start(sandbox, undefined, soon());
  const container = await rig.makeContainer(sandbox, { process: { args: ['/bin/sh', '-c', script] } });
  await containers.create(container, sandbox, soon());
  await containers.start(container.id, soon());
  return { sandbox, container };
}

const linesOf = async ({ logPath }: Container): Promise<readonly string[]> =>
  (await readFile(logPath, 'utf8'))
    .split('\n')
    .slice(0, -1)
    .map((line) => line.slice(line.indexOf(' F ') + 3));

const numbered = Array.from({ length: LINES }, (_, index) => `line ${String(index + 1)}`);
/** About a second and a half of output, then an exit of its own. */
const COUNT = `i=0; while [ $i -lt ${String(LINES)} ]; do i=$((i+1)); echo line $i; [ $((i%20)) = 0 ] && sleep 0.01; done; exit 5`;

async function exitsOf(rig: ContainerdRig, signal: AbortSignal, into: Map<string, number>): Promise<void> {
  for await (const event of rig.backend.events(signal)) {
    if (event.type === 'containerExited') into.set(event.id, event.exit.exitCode);
  }
}

async function until(what: string, condition: () => Promise<boolean> | boolean, ms = 40_000): Promise<void> {
  const end = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`);
    await sleep(50);
  }
}

it(
  'loses no line, no exit and no task when containerd is killed under running pods',
  { timeout: 180_000 },
  async () => {
    await using rig = await ContainerdRig.start();
    const exits = new Map<string, number>();
    const end = new AbortController();
    const listening = exitsOf(rig, end.signal, exits);
    const pods = await Promise.all(Array.from({ length: PODS }, () => chattyPod(rig, COUNT)));
    await rig.daemon.kill();
    await sleep(1_500);
    await rig.daemon.start();
    await until('all exits', () => exits.size === PODS);
    expect([...exits.values()]).toEqual(pods.map(() => 5));
    for (const { container } of pods) expect(await linesOf(container)).toEqual(numbered);
    const { containers } = await rig.backend.inventory(soon());
    expect(containers.map(({ state }) => state)).toEqual(pods.map(() => 'exited'));
    await Promise.all(pods.map(({ sandbox }) => rig.backend.sandboxes.remove(sandbox.id, soon())));
    expect(await rig.leaks()).toEqual([]);
    end.abort();
    await listening;
  },
);

it('goes on with pods that run when both daemons were away', { timeout: 60_000 }, async () => {
  await using rig = await ContainerdRig.start();
  const { sandbox, container } = await chattyPod(
    rig,
    `${COUNT.replace('exit 5', 'while :; do sleep 1; done')}`,
  );
  await rig.reopen(async () => {
    await rig.daemon.kill();
    await sleep(500);
    await rig.daemon.start();
  });
  await until('all lines', async () => (await linesOf(container)).length === LINES);
  expect(await linesOf(container)).toEqual(numbered);
  const session = await rig.backend.processes.exec(
    container.id,
    { args: ['/bin/true'], terminal: false, stdin: false },
    soon(),
  );
  session.stdout.resume();
  session.stderr?.resume();
  expect(await session.exit).toEqual({ exitCode: 0 });
  await rig.backend.sandboxes.remove(sandbox.id, soon());
  expect(await rig.leaks()).toEqual([]);
});

it(
  'loses nothing of what containers printed that ended while this daemon was away',
  { timeout: 90_000 },
  async () => {
    await using rig = await ContainerdRig.start();
    const short = numbered.slice(0, 1_000); // less than a FIFO holds
    const script = `while [ ! -e /tmp/go ]; do sleep 0.05; done; ${COUNT.replace(String(LINES), '1000')}`;
    const pods = await Promise.all(Array.from({ length: 3 }, () => chattyPod(rig, script)));
    await rig.reopen(async () => {
      for (const { container } of pods) await writeFile(join(container.rootfs, 'tmp/go'), '');
      await until('the ends', async () => (await rig.podProcesses()).length === 0);
    });
    await until('all lines', async () =>
      (await Promise.all(pods.map(({ container }) => linesOf(container)))).every(
        (lines) => lines.length === short.length,
      ),
    );
    for (const { container } of pods) expect(await linesOf(container)).toEqual(short);
    await until('all exits', async () => {
      const { containers } = await rig.backend.inventory(soon());
      return containers.every((one) => one.state === 'exited' && one.exit?.exitCode === 5);
    });
    await Promise.all(pods.map(({ sandbox }) => rig.backend.sandboxes.remove(sandbox.id, soon())));
    expect(await rig.leaks()).toEqual([]);
  },
);

it('answers soon as Unavailable, and says so in its health, while containerd is away', async () => {
  await using rig = await ContainerdRig.start();
  const { sandbox, container } = await chattyPod(rig, 'while :; do sleep 0.1; done');
  await rig.daemon.kill();
  expect(await rig.backend.health(soon())).toMatchObject({
    healthy: false,
    reason: 'ContainerdUnreachable',
    message: expect.stringContaining(rig.daemon.socketPath) as unknown,
  });
  const begun = performance.now();
  await expect(rig.backend.inventory(soon())).rejects.toMatchObject({ kind: 'Unavailable' });
  await expect(rig.backend.containers.remove(container.id, soon())).rejects.toMatchObject({
    kind: 'Unavailable',
  });
  await expect(rig.backend.sandboxes.stop(sandbox.id, soon())).rejects.toMatchObject({ kind: 'Unavailable' });
  expect(performance.now() - begun).toBeLessThan(3_000);
  await rig.daemon.start();
  await until('health', async () => (await rig.backend.health(soon())).healthy);
  await rig.backend.sandboxes.remove(sandbox.id, soon());
  expect(await rig.leaks()).toEqual([]);
});

it('answers in bounded time while containerd hangs, and goes on after', { timeout: 60_000 }, async () => {
  await using rig = await ContainerdRig.start({ callTimeoutMs: 1_000 });
  const { sandbox } = await chattyPod(rig, 'while :; do sleep 0.1; done');
  process.kill(rig.daemon.pid, 'SIGSTOP');
  await sleep(200); // until all of its threads have stopped
  try {
    await expect(rig.backend.inventory(soon())).rejects.toMatchObject({ kind: 'DeadlineExceeded' });
    expect(await rig.backend.health(soon())).toMatchObject({ healthy: false });
  } finally {
    process.kill(rig.daemon.pid, 'SIGCONT');
  }
  await rig.backend.sandboxes.remove(sandbox.id, soon());
  expect(await rig.leaks()).toEqual([]);
});

it('runs pods with a shared PID namespace, and tells when the process that holds it ends', async () => {
  await using rig = await ContainerdRig.start();
  const { sandboxes, containers } = rig.backend;
  const sample = await rig.makeSandbox();
  const sandbox = { ...sample, namespaces: { ...sample.namespaces, pid: 'pod' as const } };
  const events: BackendEvent[] = [];
  const end = new AbortController();
  const listening = (async () => {
    for await (const event of rig.backend.events(end.signal)) events.push(event);
  })();
  await sandboxes.prepare(sandbox, soon());
  const { pid } = await sandboxes.start(sandbox, undefined, soon());
  const container = await rig.makeContainer(sandbox, {
    process: { args: ['/bin/sh', '-c', 'echo my pid is $$; sleep 1000'] },
  });
  await containers.create(container, sandbox, soon());
  await containers.start(container.id, soon());
  await until('the line', async () => (await linesOf(container)).length === 1);
  expect((await linesOf(container))[0]).not.toBe('my pid is 1');
  process.kill(pid ?? 0, 'SIGKILL');
  await until('the event', () => events.some(({ type }) => type === 'sandboxExited'));
  expect((await rig.backend.inventory(soon())).sandboxes[0]).toMatchObject({ state: 'stopped' });
  await sandboxes.remove(sandbox.id, soon());
  expect(await rig.leaks()).toEqual([]);
  end.abort();
  await listening;
});
