import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { buffer } from 'node:stream/consumers';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FrameParser } from '@crihub/transport/docker-engine';
import { BusyboxImages } from '@crihub/service-sandbox/testing';
import { DockerRig } from './testing/docker-rig.ts';
import { collect, linesOf, runContainer, runPod, soon } from './testing/pod-run.ts';
import { TestEngine } from './testing/test-engine.ts';

const PODS = 20;
const TICKS = 'i=0; while :; do i=$((i+1)); echo tick $i; sleep 0.02; done';

let directory: string;
let images: BusyboxImages;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'crihub-outage-'));
  images = await BusyboxImages.make(directory);
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

const ticks = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `tick ${String(index + 1)}`);

/** What the engine's own log holds. */
async function engineLines(engine: TestEngine, name: string): Promise<readonly string[]> {
  const source = await engine.client().containers.logs(name, { follow: false, since: '0' }, soon());
  const frames = new FrameParser().push(await buffer(source));
  return frames.map(({ payload }) => payload.toString().trimEnd().split(' ').slice(1).join(' '));
}

const isBack = async (rig: DockerRig): Promise<boolean> => (await rig.backend.health(soon())).healthy;

describe('dockerd goes away and comes back', () => {
  it('loses no log line and no exit code of containers that run on', { timeout: 240_000 }, async () => {
    await using engine = await TestEngine.start({ liveRestore: true });
    await using rig = await DockerRig.start({ engine, images });
    const listening = new AbortController();
    const events = collect(rig, listening.signal);
    const pods = await Promise.all(Array.from({ length: PODS }, () => runPod(rig)));
    const talkers = await Promise.all(pods.map((sandbox) => runContainer(rig, sandbox, TICKS)));
    const enders = await Promise.all(
      pods
        .slice(0, 5)
        .map((sandbox, index) =>
          runContainer(rig, sandbox, `sleep 2.5; echo last words; exit ${String(10 + index)}`),
        ),
    );
    await engine.kill();
    const started = performance.now();
    const refused = rig.backend.sandboxes.prepare(await rig.makeSandbox(), soon());
    await expect(refused).rejects.toMatchObject({ kind: 'Unavailable', reason: 'EngineUnreachable' });
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(await rig.backend.health(soon())).toMatchObject({ healthy: false, reason: 'EngineUnreachable' });
    await delay(3_000);
    await engine.launch();
    await expect.poll(() => isBack(rig), { timeout: 20_000 }).toBe(true);
    await expect.poll(() => events.some(({ type }) => type === 'resync'), { timeout: 20_000 }).toBe(true);
    await expect
      .poll(
        async () => (await rig.backend.inventory(soon())).containers.filter((c) => c.state === 'exited'),
        {
          timeout: 20_000,
        },
      )
      .toHaveLength(5);
    const { containers } = await rig.backend.inventory(soon());
    const codes = enders.map(({ id }) => containers.find((container) => container.id === id));
    expect(codes).toMatchObject([10, 11, 12, 13, 14].map((exitCode) => ({ exit: { exitCode } })));
    await delay(6_000); // the followers come back one after the other
    await Promise.all(talkers.map(({ id }) => rig.backend.containers.signal(id, 'SIGKILL', 'all', soon())));
    await delay(1_500);
    for (const { id, logPath } of talkers) {
      const lines = linesOf(await readFile(logPath, 'utf8'));
      expect(lines).toEqual(ticks(lines.length));
      expect(lines).toEqual(await engineLines(engine, `crihub-${id}`));
    }
    // What a container says while no dockerd is there, and then ends, the engine itself does not keep.
    for (const { id, logPath } of enders) {
      const log = await readFile(logPath, 'utf8').catch(() => ''); // nothing was kept
      expect(linesOf(log)).toEqual(await engineLines(engine, `crihub-${id}`));
    }
    await Promise.all(pods.map(({ id }) => rig.backend.sandboxes.remove(id, soon())));
    listening.abort();
    expect(await rig.leaks()).toEqual([]);
  });

  it(
    'loses no line and no exit of containers that the engine ends when it is back',
    { timeout: 240_000 },
    async () => {
      await using engine = await TestEngine.start({ liveRestore: false });
      await using rig = await DockerRig.start({ engine, images });
      const listening = new AbortController();
      const events = collect(rig, listening.signal);
      const pods = await Promise.all(Array.from({ length: PODS }, () => runPod(rig)));
      const talkers = await Promise.all(pods.map((sandbox) => runContainer(rig, sandbox, TICKS)));
      await engine.kill();
      await delay(1_000);
      await engine.launch();
      await expect.poll(() => isBack(rig), { timeout: 20_000 }).toBe(true);
      await expect.poll(() => events.some(({ type }) => type === 'resync'), { timeout: 20_000 }).toBe(true);
      const { sandboxes, containers } = await rig.backend.inventory(soon());
      expect(sandboxes.map(({ state }) => state)).toEqual(pods.map(() => 'stopped'));
      expect(containers).toHaveLength(PODS);
      for (const container of containers)
        expect(container).toMatchObject({ state: 'exited', exit: { exitCode: 137, oomKilled: false } });
      for (const { id, logPath } of talkers) {
        const kept = await engineLines(engine, `crihub-${id}`);
        await expect
          .poll(async () => linesOf(await readFile(logPath, 'utf8')), { timeout: 20_000 })
          .toEqual(kept);
        expect(kept).toEqual(ticks(kept.length));
      }
      await Promise.all(pods.map(({ id }) => rig.backend.sandboxes.remove(id, soon())));
      listening.abort();
      expect(await rig.leaks()).toEqual([]);
    },
  );

  it('tells the end of containers that the engine took along', { timeout: 120_000 }, async () => {
    await using engine = await TestEngine.start({ liveRestore: false });
    await using rig = await DockerRig.start({ engine, images });
    const pod = await runPod(rig);
    const container = await runContainer(
      rig,
      pod,
      'trap "echo bye; exit 5" TERM; echo hi; while :; do sleep 0.05; done',
    );
    await delay(300);
    await engine.stop();
    await delay(300);
    await engine.launch();
    await expect.poll(() => isBack(rig), { timeout: 20_000 }).toBe(true);
    const { sandboxes, containers } = await rig.backend.inventory(soon());
    expect(sandboxes).toMatchObject([{ id: pod.id, state: 'stopped' }]);
    expect(containers).toMatchObject([{ id: container.id, state: 'exited', exit: { exitCode: 5 } }]);
    await expect
      .poll(async () => linesOf(await readFile(container.logPath, 'utf8')), { timeout: 8_000 })
      .toEqual(['hi', 'bye']);
    await rig.backend.sandboxes.remove(pod.id, soon());
    expect(await rig.leaks()).toEqual([]);
  });
});

describe('what others do to our containers is seen', () => {
  it('an exit after docker stop, and a pod that lost its infra container', async () => {
    await using engine = await TestEngine.start();
    await using rig = await DockerRig.start({ engine, images });
    const listening = new AbortController();
    const events = collect(rig, listening.signal);
    const pod = await runPod(rig);
    const container = await runContainer(rig, pod, 'while :; do sleep 0.05; done');
    const { containers } = engine.client();
    await containers.kill(`crihub-${container.id}`, 'SIGKILL', soon());
    await expect
      .poll(() => events, { timeout: 5_000 })
      .toContainEqual(expect.objectContaining({ type: 'containerExited', id: container.id }));
    await containers.remove(`crihub-pod-${pod.id}`, soon());
    await expect
      .poll(() => events, { timeout: 5_000 })
      .toContainEqual(expect.objectContaining({ type: 'sandboxExited', id: pod.id }));
    await rig.backend.sandboxes.stop(pod.id, soon());
    await rig.backend.sandboxes.remove(pod.id, soon());
    listening.abort();
    expect(await rig.leaks()).toEqual([]);
  });
});

describe('a talkative container', () => {
  it('loses no line while daemons come and go', { timeout: 120_000 }, async () => {
    await using engine = await TestEngine.start();
    await using rig = await DockerRig.start({ engine, images });
    const pod = await runPod(rig);
    const script =
      'i=0; while [ $i -lt 60000 ]; do i=$((i+1)); echo tick $i; [ $((i % 7)) = 0 ] && echo error $i >&2; done';
    const container = await runContainer(rig, pod, script);
    for (let round = 0; round < 4; round += 1) {
      await delay(100);
      await rig.reopen();
    }
    const lines = async (): Promise<readonly string[]> => linesOf(await readFile(container.logPath, 'utf8'));
    await expect
      .poll(async () => (await lines()).length, { timeout: 60_000 })
      .toBeGreaterThanOrEqual(60_000 + 8_571);
    await delay(500);
    const all = await lines();
    expect(all.filter((line) => line.startsWith('tick'))).toEqual(ticks(60_000));
    expect(all.filter((line) => line.startsWith('error'))).toHaveLength(8_571);
    await rig.backend.sandboxes.remove(pod.id, soon());
  });
});
