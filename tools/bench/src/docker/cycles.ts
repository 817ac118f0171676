import { mkdir } from 'node:fs/promises';
import {
  containerConfig,
  createContainer,
  type CriClient,
  execSync,
  podConfig,
  removePod,
  runPod,
  startContainer,
} from '@crihub/tool-fixtures';
import { LinuxPodSandboxConfig, NamespaceMode, type PodSandboxConfig } from '@crihub/wire/cri';
import { Recorder } from '../samples.ts';
import { BENCH_COMMAND, BENCH_IMAGE } from '../subject.ts';
import type { ContainerBody, PlainEngine } from './plain-engine.ts';

/** What a pod and its container are to Docker. */
export interface PodBodies {
  readonly infra: ContainerBody;
  readonly workload: ContainerBody;
}

export interface CriSubject {
  readonly cri: CriClient;
  readonly recorder: Recorder;
  readonly logDirectory: string;
}

const TRUE = ['/bin/true'];

/** A pod on the node's network: then its start is that of a container, and no network plugin's. */
async function hostPodConfig(name: string, logDirectory: string): Promise<PodSandboxConfig> {
  await mkdir(logDirectory, { recursive: true });
  const namespaceOptions = { network: NamespaceMode.NODE, pid: NamespaceMode.CONTAINER };
  const linux = LinuxPodSandboxConfig.create({ securityContext: { namespaceOptions } });
  return { ...podConfig(name, logDirectory), hostname: '', linux };
}

/** A pod that stays until disposal, as the pattern of those by plain calls: they mount its files, too. */
export async function startPattern({
  cri,
  engine,
  logDirectory,
}: Pick<CriSubject, 'cri' | 'logDirectory'> & { readonly engine: PlainEngine }): Promise<
  { readonly bodies: PodBodies } & AsyncDisposable
> {
  const { pod, container } = await startByCri({ cri, recorder: new Recorder(), logDirectory }, 'pattern');
  const bodies = {
    infra: await engine.bodyOf(`crihub-pod-${pod}`),
    workload: await engine.bodyOf(`crihub-${container}`),
  };
  return { bodies, [Symbol.asyncDispose]: async () => removePod(cri, pod) };
}

/** A pod through CRI: started, asked, removed. */
export async function cycleByCri(subject: CriSubject, name: string): Promise<void> {
  const { cri, recorder } = subject;
  const { pod, container } = await startByCri(subject, name);
  await recorder.time('ExecSync', async () => {
    const { exitCode } = await execSync(cri, container, TRUE);
    if (exitCode !== 0) throw new Error(`/bin/true ended with ${String(exitCode)}`);
  });
  await removePod(cri, pod);
}

async function startByCri(
  { cri, recorder, logDirectory }: CriSubject,
  name: string,
): Promise<{ readonly pod: string; readonly container: string }> {
  const config = await hostPodConfig(name, `${logDirectory}/${name}`);
  const pod = await recorder.time('pod start', () => runPod(cri, config, 'docker'));
  const container = await recorder.time('container start', async () => {
    const made = await createContainer(cri, pod, containerConfig('main', BENCH_IMAGE, BENCH_COMMAND), config);
    await startContainer(cri, made);
    return made;
  });
  return { pod, container };
}

/** The same containers by plain calls. */
export async function cyclePlainly(
  { engine, recorder }: { readonly engine: PlainEngine; readonly recorder: Recorder },
  { infra, workload }: PodBodies,
): Promise<void> {
  const pod = await recorder.time('pod start', () => run(engine, infra));
  const container = await recorder.time('container start', () => run(engine, inPod(workload, pod)));
  await recorder.time('ExecSync', async () => {
    const exitCode = await engine.exec(container, TRUE);
    if (exitCode !== 0) throw new Error(`/bin/true ended with ${String(exitCode)}`);
  });
  await engine.remove(container);
  await engine.remove(pod);
}

async function run(engine: PlainEngine, body: ContainerBody): Promise<string> {
  const id = await engine.create(body);
  await engine.start(id);
  return id;
}

/** Namespaces that were joined are those of another pod's infra container now. */
function inPod(body: ContainerBody, pod: string): ContainerBody {
  const moved = (value: unknown): unknown =>
    typeof value === 'string' && value.startsWith('container:') ? `container:${pod}` : value;
  const entries = Object.entries(body.HostConfig).map(([field, value]) => [field, moved(value)] as const);
  return { ...body, HostConfig: Object.fromEntries(entries) };
}
