import { DatabaseSync } from 'node:sqlite';
import { newContainerId, newSandboxId, silentLogger } from '@crihub/kernel';
import type { ContainerStats, PodSandboxMetrics, PodSandboxStats } from '@crihub/wire/cri';
import { beforeEach, describe, expect, it } from 'vitest';
import { migrate } from '../../records/migrations.ts';
import { Records } from '../../records/records.ts';
import { DeviceNames } from '../../stats/filesystem-figures.ts';
import { CpuRates } from '../../stats/cpu-rates.ts';
import { PodMetrics } from '../../stats/metrics/pod-metrics.ts';
import { SampleReader } from '../../stats/metrics/sample-reader.ts';
import { StatsCollector } from '../../stats/stats-collector.ts';
import { cgroupStats, containerRecord, ManualClock, sandboxRecord } from '../../stats/testing/fixtures.ts';
import { EncodedResponse } from '../server/index.ts';
import { statsMethods } from './stats.ts';

const context = { signal: new AbortController().signal, method: 'test' };
let records: Records;
let methods: ReturnType<typeof statsMethods>;

/** Everything real but the kernel's files. */
beforeEach(() => {
  const database = new DatabaseSync(':memory:');
  migrate(database);
  records = new Records(database, silentLogger);
  const parts = {
    records,
    cgroups: { stats: async () => cgroupStats() },
    guests: { read: async () => undefined },
    files: { version: 'v2', read: async () => undefined } as const,
    processes: { read: () => Promise.reject(new Error('no processes here')) },
    interfaces: { read: async () => undefined },
    layers: { usage: async () => undefined },
    devices: new DeviceNames(),
    rates: new CpuRates(),
    clock: new ManualClock(),
    logger: silentLogger,
  };
  const samples = new SampleReader(parts);
  methods = statsMethods({
    records,
    collector: new StatsCollector({ containersDirectory: '/' }, parts),
    metrics: new PodMetrics({ containersDirectory: '/', cgroupVersion: 'v2' }, { ...parts, samples }),
  });
});

/** An answer that is a message, not bytes. */
function message<T extends object>(answer: T): Exclude<T, EncodedResponse> {
  if (answer instanceof EncodedResponse) throw new Error('encoded');
  return answer as Exclude<T, EncodedResponse>;
}

const ids = (stats: readonly (ContainerStats | PodSandboxStats)[]) =>
  stats.map(({ attributes }) => attributes?.id);
const noLabels = { labelSelector: {} };

function aPodWithContainers() {
  const pod = records.sandboxes.put(sandboxRecord());
  const front = records.putContainer(containerRecord({ sandboxId: pod.id }));
  const back = records.putContainer(
    containerRecord({ sandboxId: pod.id, container: { labels: { tier: 'back' } } }),
  );
  const ended = records.putContainer(containerRecord({ sandboxId: pod.id, phase: 'exited' }));
  records.putContainer(containerRecord({ sandboxId: pod.id, phase: 'creating' }));
  return { pod, front, back, ended };
}

describe('the RPCs about statistics', () => {
  it('one container by its id or the beginning of it, also after its end', async () => {
    const { front, ended } = aPodWithContainers();
    const { stats } = message(await methods.ContainerStats({ containerId: front.id.slice(0, 12) }, context));
    expect(stats?.attributes?.id).toBe(front.id);
    const after = message(await methods.ContainerStats({ containerId: ended.id }, context));
    expect(after.stats).toMatchObject({ attributes: { id: ended.id }, cpu: undefined });
  });

  it('an unknown or unfinished container or pod is NotFound', async () => {
    const creating = records.putContainer(containerRecord({ phase: 'creating' }));
    for (const containerId of [newContainerId(), creating.id, '']) {
      await expect(methods.ContainerStats({ containerId }, context)).rejects.toMatchObject({
        kind: 'NotFound',
      });
    }
    const podSandboxId = newSandboxId();
    await expect(methods.PodSandboxStats({ podSandboxId }, context)).rejects.toMatchObject({
      kind: 'NotFound',
    });
  });

  it('lists running containers by pod, id and labels', async () => {
    const { pod, front, back } = aPodWithContainers();
    const list = async (filter: Parameters<typeof methods.ListContainerStats>[0]['filter']) =>
      ids(message(await methods.ListContainerStats({ filter }, context)).stats);
    expect(await list(undefined)).toEqual([front.id, back.id]);
    expect(await list({ id: '', podSandboxId: pod.id, ...noLabels })).toEqual([front.id, back.id]);
    expect(await list({ id: back.id, podSandboxId: '', ...noLabels })).toEqual([back.id]);
    expect(await list({ id: '', podSandboxId: '', labelSelector: { tier: 'front' } })).toEqual([front.id]);
    expect(await list({ id: '', podSandboxId: newSandboxId(), ...noLabels })).toEqual([]);
  });

  it('streams each running container once', async () => {
    const pod = records.sandboxes.put(sandboxRecord());
    const all = Array.from({ length: 230 }, () =>
      records.putContainer(containerRecord({ sandboxId: pod.id })),
    );
    const parts: (string | undefined)[][] = [];
    for await (const answer of methods.StreamContainerStats({ filter: undefined }, context)) {
      parts.push(ids(message(answer).containerStats));
    }
    expect(parts.map((part) => part.length)).toEqual([100, 100, 30]);
    expect(parts.flat()).toEqual(all.map(({ id }) => id));
  });

  it('pods: one, a list by label, and a stream', async () => {
    const { pod, front, back } = aPodWithContainers();
    records.sandboxes.put(sandboxRecord({ phase: 'notReady' }));
    const { stats } = message(await methods.PodSandboxStats({ podSandboxId: pod.id }, context));
    expect(ids(stats?.linux?.containers ?? [])).toEqual([front.id, back.id]);
    const list = async (labelSelector: Record<string, string>) =>
      ids(message(await methods.ListPodSandboxStats({ filter: { id: '', labelSelector } }, context)).stats);
    expect(await list({})).toEqual([pod.id]);
    expect(await list({ app: 'other' })).toEqual([]);
    for await (const answer of methods.StreamPodSandboxStats({ filter: undefined }, context)) {
      expect(ids(message(answer).podSandboxStats)).toEqual([pod.id]);
    }
  });

  it('metrics: descriptors, a list, and a stream of the same', async () => {
    const { pod, front, back } = aPodWithContainers();
    const { descriptors } = message(await methods.ListMetricDescriptors({}, context));
    expect(descriptors.length).toBeGreaterThan(60);
    const { podMetrics } = message(await methods.ListPodSandboxMetrics({}, context));
    const streamed: PodSandboxMetrics[] = [];
    for await (const answer of methods.StreamPodSandboxMetrics({}, context)) {
      streamed.push(...message(answer).podSandboxMetrics);
    }
    for (const answer of [podMetrics, streamed]) {
      expect(answer.map(({ podSandboxId }) => podSandboxId)).toEqual([pod.id]);
      expect(answer[0]?.containerMetrics.map(({ containerId }) => containerId)).toEqual([front.id, back.id]);
    }
  });
});
