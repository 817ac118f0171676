import { removePod } from '@crihub/tool-fixtures';
import {
  ContainerStatusRequest,
  ListContainersRequest,
  ListContainerStatsRequest,
  ListPodSandboxRequest,
  RuntimeServiceService as runtime,
} from '@crihub/wire/cri';
import { startPod } from './lifecycle.ts';
import { type MonitorMemory, monitorMemory, residentBytes } from './memory.ts';
import { inParallel } from './parallel.ts';
import { Recorder } from './samples.ts';
import type { Subject } from './subject.ts';

/** What a subject needs while it holds pods. */
export interface HeldPods {
  readonly pods: number;
  readonly idleResidentBytes: number;
  readonly residentBytes: number;
  readonly monitors: MonitorMemory;
}

const READS = 50;
// They take a fifth of a second each on some runtimes.
const STATS_READS = 10;
const START_PARALLEL = 4;

/** Starts pods and keeps them while the read calls and the memory are measured, then removes them. */
export async function measureHeldPods(subject: Subject, pods: number): Promise<HeldPods> {
  const idleResidentBytes = await residentBytes(subject.daemonPid);
  // How they start under load is another question than the one of the lifecycle's figures.
  const unrecorded = { ...subject, recorder: new Recorder() };
  const running = await inParallel(pods, START_PARALLEL, async (index) =>
    startPod(unrecorded, `held-${String(index)}`),
  );
  await measureReads(subject, running[0]?.container ?? '', pods);
  const held = {
    pods,
    idleResidentBytes,
    residentBytes: await residentBytes(subject.daemonPid),
    monitors: await monitorMemory(subject.directory, subject.daemonPid),
  };
  await inParallel(pods, START_PARALLEL, async (index) => removePod(subject.cri, running[index]?.pod ?? ''));
  return held;
}

async function measureReads({ cri, recorder }: Subject, containerId: string, pods: number): Promise<void> {
  const of = `of ${String(pods)}`;
  for (let read = 0; read < READS; read++) {
    const { containers } = await recorder.time(`ListContainers ${of}`, async () =>
      cri.call(runtime.listContainers, ListContainersRequest.create()),
    );
    if (containers.length < pods) throw new Error(`${String(containers.length)} of ${String(pods)} listed`);
    await recorder.time(`ListPodSandbox ${of}`, async () =>
      cri.call(runtime.listPodSandbox, ListPodSandboxRequest.create()),
    );
    await recorder.time('ContainerStatus', async () =>
      cri.call(runtime.containerStatus, ContainerStatusRequest.create({ containerId })),
    );
  }
  for (let read = 0; read < STATS_READS; read++)
    await recorder.time(`ListContainerStats ${of}`, async () =>
      cri.call(runtime.listContainerStats, ListContainerStatsRequest.create()),
    );
}
