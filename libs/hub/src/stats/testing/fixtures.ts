import type { Container, Sandbox } from '@crihub/contract';
import { type Logger, newContainerId, newSandboxId, type SandboxId, silentLogger } from '@crihub/kernel';
import type { CgroupStats, InterfaceStatistics } from '@crihub/linux';
import type { ContainerRecord } from '../../records/container-record.ts';
import type { SandboxRecord } from '../../records/sandbox-record.ts';

/** A pod's record with what the statistics look at. */
export function sandboxRecord(
  changes: Partial<Omit<SandboxRecord, 'sandbox'>> & { readonly sandbox?: Partial<Sandbox> } = {},
): SandboxRecord {
  const id = changes.id ?? newSandboxId();
  const sandbox = {
    id,
    metadata: { name: 'web', namespace: 'shop', uid: '0b1e-77', attempt: 0 },
    labels: { app: 'web' },
    annotations: { note: 'one' },
    cgroupParent: '/kubepods/pod0b1e-77',
    ...changes.sandbox,
  };
  return {
    id,
    phase: 'ready',
    runtimeHandler: '',
    handler: 'crun',
    logDirectory: '',
    hostPorts: [],
    fingerprint: '',
    createdAt: 1_000_000_000_000_000_000n,
    network: { state: 'none' },
    ...changes,
    sandbox: sandbox as unknown as Sandbox,
  };
}

/** A running container's record. */
export function containerRecord(
  changes: Partial<Omit<ContainerRecord, 'container'>> & { readonly container?: Partial<Container> } = {},
): ContainerRecord {
  const id = changes.id ?? newContainerId();
  const sandboxId: SandboxId = changes.sandboxId ?? newSandboxId();
  const container = {
    id,
    sandboxId,
    metadata: { name: 'nginx', attempt: 2 },
    labels: { tier: 'front' },
    annotations: {},
    imageRef: 'registry.example/nginx:1',
    ...changes.container,
  };
  return {
    id,
    sandboxId,
    phase: 'running',
    mounts: [],
    imageRef: 'registry.example/nginx@sha256:1',
    fingerprint: '',
    resources: {},
    createdAt: 1_000_000_000_000_000_000n,
    startedAt: 1_000_000_005_000_000_000n,
    cgroup: `/kubepods/pod0b1e-77/${id}`,
    ...changes,
    container: container as unknown as Container,
  };
}

type Changes = { readonly [Part in keyof CgroupStats]?: Partial<CgroupStats[Part]> };

/** A reading in which every figure is known and another. */
export function cgroupStats(changes: Changes = {}): CgroupStats {
  const line = (totalNs: bigint) => ({ average10: 1.5, average60: 0.5, average300: 0.25, totalNs });
  const pressure = (some: bigint) => ({ some: line(some), full: line(some / 2n) });
  return {
    cpu: {
      usageNs: 7_500_000_000n,
      userNs: 5_000_000_000n,
      systemNs: 2_500_000_000n,
      periods: 40,
      throttledPeriods: 4,
      throttledNs: 1_200_000_000n,
      ...changes.cpu,
    },
    memory: {
      usage: 10_000,
      workingSet: 8_000,
      rss: 6_000,
      cache: 3_000,
      mappedFile: 1_000,
      kernel: 500,
      swapUsage: 200,
      limit: 20_000,
      swapLimit: 1_000,
      reservation: 5_000,
      maxUsage: 12_000,
      failures: 3,
      oomKills: 1,
      pageFaults: 900,
      majorPageFaults: 9,
      ...changes.memory,
    },
    pids: { current: 12, limit: 100, ...changes.pids },
    processes: 4,
    hugepages: [{ pageSize: '2MB', usageBytes: 4_096, maxUsageBytes: 8_192, limitBytes: undefined }],
    io: [
      {
        major: 8,
        minor: 0,
        readBytes: 11,
        writeBytes: 22,
        discardBytes: 33,
        readOperations: 1,
        writeOperations: 2,
        discardOperations: 3,
      },
    ],
    pressure: {
      cpu: pressure(8_000_000_000n),
      memory: pressure(6_000_000_000n),
      io: pressure(4_000_000_000n),
      ...changes.pressure,
    },
  };
}

/** What a v1 node does not count. */
export const withoutPressure = { pressure: { cpu: undefined, memory: undefined, io: undefined } } as const;

export const interfaceStatistics = (name: string, bytes: number): InterfaceStatistics => ({
  name,
  receivedBytes: bytes,
  receivedPackets: bytes + 1,
  receiveErrors: bytes + 2,
  receiveDropped: bytes + 3,
  sentBytes: bytes + 4,
  sentPackets: bytes + 5,
  sendErrors: bytes + 6,
  sendDropped: bytes + 7,
});

/** A logger that keeps the warnings. */
export function recordingLogger(): Logger & { readonly warnings: readonly unknown[] } {
  const warnings: unknown[] = [];
  return { ...silentLogger, warnings, warn: (_message, fields) => void warnings.push(fields) };
}

/** A clock that stands still until it is set forward. */
export class ManualClock {
  #now = 2_000_000_000_000_000_000n;

  nowNs(): bigint {
    return this.#now;
  }

  advance(seconds: number): void {
    this.#now += BigInt(Math.round(seconds * 1_000)) * 1_000_000n;
  }
}
