import { mkdir } from 'node:fs/promises';
import { containerConfig, createContainer, podConfig, runPod, startContainer } from '@crihub/tool-fixtures';
import {
  RemoveContainerRequest,
  RemovePodSandboxRequest,
  RuntimeServiceService as runtime,
  StopContainerRequest,
  StopPodSandboxRequest,
} from '@crihub/wire/cri';
import { untilLogged } from './log-file.ts';
import { BENCH_COMMAND, BENCH_IMAGE, READY, type Subject } from './subject.ts';

const GRACE_SECONDS = 10n;
const READY_MS = 60_000;

/** A running pod with one container. */
export interface RunningPod {
  readonly pod: string;
  readonly container: string;
}

/** Takes one pod through its whole life, timing each call. */
export async function livePod(subject: Subject, name: string): Promise<void> {
  await stopPod(subject, await startPod(subject, name));
}

/** Runs a pod with one container, timing each call and the time until it runs; resolves when it is ready. */
export async function startPod(subject: Subject, name: string): Promise<RunningPod> {
  const { daemon, recorder, handler } = subject;
  const { cri } = daemon;
  const config = podConfig(name, `${subject.logDirectory}/${name}`);
  // As the kubelet does.
  await mkdir(config.logDirectory, { recursive: true });
  const running = await recorder.time('pod to running', async () => {
    const pod = await recorder.time('RunPodSandbox', async () => runPod(cri, config, handler));
    const container = await recorder.time('CreateContainer', async () =>
      createContainer(cri, pod, containerConfig('main', BENCH_IMAGE, BENCH_COMMAND), config),
    );
    await recorder.time('StartContainer', async () => startContainer(cri, container));
    return { pod, container };
  });
  await untilLogged(`${config.logDirectory}/main.log`, READY, READY_MS);
  return running;
}

/** Stops and removes the container, then the pod, timing each call. */
export async function stopPod(
  { daemon: { cri }, recorder }: Subject,
  { pod, container }: RunningPod,
): Promise<void> {
  const containerId = container;
  const podSandboxId = pod;
  await recorder.time('StopContainer', async () =>
    cri.call(runtime.stopContainer, StopContainerRequest.create({ containerId, timeout: GRACE_SECONDS })),
  );
  await recorder.time('RemoveContainer', async () =>
    cri.call(runtime.removeContainer, RemoveContainerRequest.create({ containerId })),
  );
  await recorder.time('StopPodSandbox', async () =>
    cri.call(runtime.stopPodSandbox, StopPodSandboxRequest.create({ podSandboxId })),
  );
  await recorder.time('RemovePodSandbox', async () =>
    cri.call(runtime.removePodSandbox, RemovePodSandboxRequest.create({ podSandboxId })),
  );
}
