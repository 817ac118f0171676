import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { silentLogger, systemClock } from '@crihub/kernel';
import { Cgroups } from '@crihub/linux';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ContainerRecord } from '../records/container-record.ts';
import { migrate } from '../records/migrations.ts';
import { Records } from '../records/records.ts';
import type { SandboxRecord } from '../records/sandbox-record.ts';
import { CgroupFiles } from './cgroup-files.ts';
import { DirectoryMeter } from './directory-meter.ts';
import { Statistics } from './statistics.ts';
import { containerRecord, interfaceStatistics, sandboxRecord } from './testing/fixtures.ts';

const none = new AbortController().signal;
const root = `/crihub-stats-${String(process.pid)}`;
const uid = 'aa-bb';
const podPath = `${root}/pod${uid}`;
let cgroups: Cgroups;
let directory: string;
let busy: ChildProcess;
let records: Records;
let statistics: Statistics;
let pod: SandboxRecord;
let container: ContainerRecord;

/** A busy loop with a socket and a second process, in the container's cgroup. */
async function startBusy(path: string): Promise<ChildProcess> {
  const program = 'require("net").createServer().listen(0); for (;;) Math.random()';
  const line = 'read _; sleep 100 & exec "$0" -e "$1"';
  const stdio = ['pipe', 'ignore', 'ignore'] as const;
  const child = spawn('sh', ['-c', line, process.execPath, program], { stdio: [...stdio] });
  await once(child, 'spawn');
  await cgroups.addProcess(path, child.pid as number);
  child.stdin?.end('go\n');
  return child;
}

beforeAll(async () => {
  cgroups = await Cgroups.detect();
  directory = await mkdtemp(join(tmpdir(), 'crihub-stats-'));
  const database = new DatabaseSync(':memory:');
  migrate(database);
  records = new Records(database, silentLogger);
  const metadata = { name: 'web', namespace: 'shop', uid, attempt: 0 };
  pod = records.sandboxes.put(
    sandboxRecord({
      sandbox: { cgroupParent: podPath, metadata },
      network: {
        state: 'attached',
        namespacePath: '/run/netns/one',
        attachment: { interfaceName: 'eth0', addresses: [], routes: [] },
        ips: [],
      },
    }),
  );
  const path = `${podPath}/one`;
  await cgroups.create(path);
  await cgroups.writeResources(path, { memoryLimitBytes: 512 * 1024 * 1024, pidsLimit: 50 });
  busy = await startBusy(path);
  container = records.putContainer(
    containerRecord({ sandboxId: pod.id, cgroup: path, pid: busy.pid as number }),
  );
  await mkdir(join(directory, container.id));
  await writeFile(join(directory, container.id, 'file'), Buffer.alloc(100_000, 1), { flush: true });
  statistics = new Statistics(
    { containersDirectory: directory },
    {
      records,
      cgroups,
      interfaces: { read: async () => [interfaceStatistics('eth0', 1)] },
      guests: { read: async () => undefined },
      writableLayer: new DirectoryMeter(({ id }) => join(directory, id)),
      clock: systemClock,
      logger: silentLogger,
    },
  );
  statistics.start();
});

afterAll(async () => {
  await statistics.close();
  busy.kill('SIGKILL');
  await cgroups.kill(root);
  await cgroups.remove(root);
  await rm(directory, { recursive: true });
});

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('statistics of real cgroups', () => {
  it('a busy container uses about one core, seen by its pod as well', async () => {
    await pause(500);
    await statistics.collector.pod(pod, none);
    await pause(2_000);
    const { linux } = await statistics.collector.pod(pod, none);
    const [stats] = linux?.containers ?? [];
    for (const cpu of [linux?.cpu, stats?.cpu]) {
      expect(cpu?.usageCoreNanoSeconds?.value).toBeGreaterThan(500_000_000n);
      expect(cpu?.usageNanoCores?.value).toBeGreaterThan(200_000_000n);
      expect(cpu?.usageNanoCores?.value).toBeLessThan(1_500_000_000n);
    }
    const memory = stats?.memory;
    expect(memory?.workingSetBytes?.value).toBeGreaterThan(1_000_000n);
    expect(memory?.availableBytes?.value).toBe(512n * 1024n * 1024n - (memory?.workingSetBytes?.value ?? 0n));
    expect(stats?.writableLayer?.usedBytes?.value).toBeGreaterThanOrEqual(100_000n);
    expect(stats?.writableLayer?.inodesUsed?.value).toBe(2n);
    expect(linux?.process?.processCount?.value).toBeGreaterThanOrEqual(2n);
  });

  it('metrics tell of processes, threads, descriptors and limits on this host', async () => {
    const [only] = await statistics.metrics.pods([pod], none);
    const metrics = new Map(
      only?.containerMetrics[0]?.metrics.map(({ name, value }) => [name, value?.value]),
    );
    expect(metrics.get('container_processes')).toBe(2n);
    expect(metrics.get('container_threads')).toBeGreaterThan(2n); // node has several
    expect(metrics.get('container_threads_max')).toBe(50n);
    expect(metrics.get('container_file_descriptors')).toBeGreaterThan(5n);
    expect(metrics.get('container_sockets')).toBeGreaterThanOrEqual(1n);
    expect(metrics.get('container_ulimits_soft')).toBeGreaterThan(0n);
    expect(metrics.get('container_memory_total_active_file_bytes')).toBeDefined();
    expect(metrics.get('container_memory_active_anon_bytes')).toBeDefined();
    expect(metrics.get('container_fs_limit_bytes')).toBeGreaterThan(1_000_000n);
    expect(metrics.get('container_fs_usage_bytes')).toBeGreaterThanOrEqual(100_000n);
    expect(metrics.get('container_memory_max_usage_bytes')).toBeGreaterThan(1_000_000n);
  });

  it('the background sample reads the same CPU time as a full reading', async () => {
    const path = container.cgroup as string;
    const before = (await cgroups.stats(path))?.cpu.usageNs ?? 0n;
    const sampled = await new CgroupFiles(cgroups.layout).cpuUsage(path);
    const after = (await cgroups.stats(path))?.cpu.usageNs ?? 0n;
    expect(before).toBeGreaterThan(0n);
    expect(sampled).toBeGreaterThanOrEqual(before);
    expect(sampled).toBeLessThanOrEqual(after);
  });

  it('a hundred containers are listed within bounds', async () => {
    const many = Array.from({ length: 100 }, (_none, index) =>
      containerRecord({ sandboxId: pod.id, cgroup: `${root}/many/${String(index)}` }),
    );
    for (const { cgroup } of many) await cgroups.create(cgroup as string);
    await statistics.collector.containers(many, none);
    const begun = performance.now();
    const list = await statistics.collector.containers(many, none);
    const elapsed = performance.now() - begun;
    expect(list).toHaveLength(100);
    expect(elapsed).toBeLessThan(1_000);
  });

  it('a container whose cgroup is gone is left out', async () => {
    const gone = containerRecord({ sandboxId: pod.id, cgroup: `${podPath}/gone` });
    expect(await statistics.collector.containers([gone], none)).toEqual([]);
  });
});
