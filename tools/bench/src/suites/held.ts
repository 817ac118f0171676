import {
  containerConfig,
  createContainer,
  type CriClient,
  podConfig,
  startContainer,
} from '@crihub/tool-fixtures';
import {
  ContainerStatusRequest,
  ListContainersRequest,
  ListContainerStatsRequest,
  ListPodSandboxRequest,
  PodSandboxState,
  RuntimeServiceService as runtime,
} from '@crihub/wire/cri';
import { sleep } from '@crihub/kernel';
import { type RunningPod, startPod, stopPod } from '../lifecycle.ts';
import { type MonitorMemory, monitorMemory, residentBytes } from '../memory.ts';
import { inParallel } from '../parallel.ts';
import { Recorder } from '../samples.ts';
import type { Suite } from '../suite.ts';
import { BENCH_COMMAND, BENCH_IMAGE, type Subject } from '../subject.ts';

const MIB = 1024 * 1024;
const READS = 50;
// They take a fifth of a second each on some runtimes.
const STATS_READS = 10;
const START_PARALLEL = 4;
/** Containers that a pod has in the second round of reads: 500 with 100 pods. */
const CONTAINERS_PER_POD = 5;
const RECOVERY_MS = 5 * 60_000;
const POLL_MS = 10;
/** Until a daemon that has just started does nothing more. */
const SETTLE_MS = 2_000;

export const held: Suite = {
  name: 'held',
  about: 'Many running pods: how fast the read calls are, what memory they need, how long recovery takes.',
  // Not interleaved: memory would be shared between subjects.
  measure: async (subjects, { held: pods, say }) => {
    for (const subject of subjects) {
      say(`${String(pods)} pods held on ${subject.name}`);
      await measureOne(subject, pods);
    }
  },
};

async function measureOne(subject: Subject, pods: number): Promise<void> {
  const { daemon, recorder } = subject;
  // Afresh, since memory tells of all that a daemon has ever done.
  await daemon.kill();
  await daemon.restart();
  await sleep(SETTLE_MS);
  const before = await monitorMemory(subject.directory, daemon.pid);
  recorder.record('daemon, idle (RSS)', (await residentBytes(daemon.pid)) / MIB, 'MiB');
  // How they start under load is another question than the one of the lifecycle's figures.
  const unrecorded = { ...subject, recorder: new Recorder() };
  const running = await inParallel(pods, START_PARALLEL, async (index) =>
    startPod(unrecorded, `held-${String(index)}`),
  );
  await measureReads(subject, running, pods);
  await measureMemory(subject, pods, before);
  await inParallel(pods, START_PARALLEL, async (index) => addContainers(subject, running[index], index));
  await measureReads(subject, running, pods * CONTAINERS_PER_POD);
  await measureRecovery(subject, pods);
  await inParallel(pods, START_PARALLEL, async (index) => {
    const one = running[index];
    if (one !== undefined) await stopPod(unrecorded, one);
  });
}

async function addContainers(
  { daemon: { cri }, logDirectory }: Subject,
  pod: RunningPod | undefined,
  index: number,
): Promise<void> {
  if (pod === undefined) return;
  const name = `held-${String(index)}`;
  for (let count = 1; count < CONTAINERS_PER_POD; count += 1) {
    const config = containerConfig(`extra-${String(count)}`, BENCH_IMAGE, BENCH_COMMAND);
    const sandboxConfig = podConfig(name, `${logDirectory}/${name}`);
    await startContainer(cri, await createContainer(cri, pod.pod, config, sandboxConfig));
  }
}

async function measureReads(
  { daemon: { cri }, recorder }: Subject,
  [first]: readonly RunningPod[],
  containerCount: number,
): Promise<void> {
  const of = `of ${String(containerCount)}`;
  const containerId = first?.container ?? '';
  for (let read = 0; read < READS; read += 1) {
    const { containers } = await recorder.time(`ListContainers ${of}`, async () =>
      cri.call(runtime.listContainers, ListContainersRequest.create()),
    );
    if (containers.length < containerCount)
      throw new Error(`${String(containers.length)} of ${String(containerCount)} containers listed`);
    await recorder.time(`ListPodSandbox ${of}`, async () =>
      cri.call(runtime.listPodSandbox, ListPodSandboxRequest.create()),
    );
    await recorder.time(`ContainerStatus ${of}`, async () =>
      cri.call(runtime.containerStatus, ContainerStatusRequest.create({ containerId })),
    );
  }
  for (let read = 0; read < STATS_READS; read += 1)
    await recorder.time(`ListContainerStats ${of}`, async () =>
      cri.call(runtime.listContainerStats, ListContainerStatsRequest.create()),
    );
}

/** What an engine itself needs for the pods counts for them, too. */
async function measureMemory(
  { daemon, directory, recorder }: Subject,
  pods: number,
  before: MonitorMemory,
): Promise<void> {
  const monitors = await monitorMemory(directory, daemon.pid);
  const record = (name: string, bytes: number): void => recorder.record(name, bytes / MIB, 'MiB');
  record(`daemon, ${String(pods)} pods (RSS)`, await residentBytes(daemon.pid));
  record(
    'monitors, shims and machines, per pod (RSS)',
    (monitors.residentBytes - before.residentBytes) / pods,
  );
  record(
    'monitors, shims and machines, per pod (PSS)',
    (monitors.proportionalBytes - before.proportionalBytes) / pods,
  );
}

/** From SIGKILL's end until the daemon, started again, lists all pods as ready. */
async function measureRecovery({ daemon, recorder }: Subject, pods: number): Promise<void> {
  await daemon.kill();
  await recorder.time(`recovery of ${String(pods)} pods after SIGKILL`, async () => {
    await daemon.restart();
    for (const end = Date.now() + RECOVERY_MS; (await readyPods(daemon.cri)) < pods; await sleep(POLL_MS))
      if (Date.now() > end) throw new Error(`not all of ${String(pods)} pods are ready again`);
  });
}

async function readyPods(cri: CriClient): Promise<number> {
  // It may accept calls before it can answer them.
  const answer = await cri
    .call(runtime.listPodSandbox, ListPodSandboxRequest.create())
    .catch(() => undefined);
  return answer?.items.filter(({ state }) => state === PodSandboxState.SANDBOX_READY).length ?? 0;
}
