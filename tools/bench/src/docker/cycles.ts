import { mkdir } from 'node:fs/promises';
import { sleep } from '@crihub/kernel';
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

const REST_MS = 60;
const TRUE = ['/bin/true'];
const FIRST_EXEC = 'first ExecSync in a container';

/** A pod on the node's network: then its start is that of a container, and no network plugin's. */
async function hostPodConfig(name: string, logDirectory: string): Promise<PodSandboxConfig> {
  await mkdir(logDirectory, { recursive: true });
  const namespaceOptions = { network: NamespaceMode.NODE, pid: NamespaceMode.CONTAINER };
  const linux = LinuxPodSandboxConfig.create({ securityContext: { namespaceOptions } });
  return { ...podConfig(name, logDirectory), hostname: '', linux };
}

/** A pod that stays until disposal. */
export interface Pattern extends AsyncDisposable {
  /** What pods by plain calls are made of; they mount its files, too. */
  readonly bodies: PodBodies;
  readonly container: string;
}

export async function startPattern({
  cri,
  engine,
  logDirectory,
}: Pick<CriSubject, 'cri' | 'logDirectory'> & { readonly engine: PlainEngine }): Promise<Pattern> {
  const { pod, container } = await startByCri({ cri, recorder: new Recorder(), logDirectory }, 'pattern');
  const bodies = {
    infra: await engine.bodyOf(`crihub-pod-${pod}`),
    workload: await engine.bodyOf(engineName(container)),
  };
  return { bodies, container, [Symbol.asyncDispose]: async () => removePod(cri, pod) };
}

const engineName = (container: string): string => `crihub-${container}`;

/** Commands in one running container, by each way in turn; who comes first changes, too. */
export async function measureExecs(
  {
    engine,
    cri,
    container,
  }: { readonly engine: PlainEngine; readonly cri: CriClient } & Pick<Pattern, 'container'>,
  { plain, byCri }: { readonly plain: Recorder; readonly byCri: Recorder },
  repeats: number,
): Promise<void> {
  const ways = [
    async () => execPlainly(engine, plain, { name: 'ExecSync', container: engineName(container) }),
    async () => execByCri(cri, byCri, { name: 'ExecSync', container }),
  ];
  for (let index = 0; index < repeats; index += 1) {
    for (const way of ways) await way();
    ways.reverse();
  }
}

/** A pod through CRI: started, asked, removed. */
export async function cycleByCri(subject: CriSubject, name: string): Promise<void> {
  const { cri, recorder } = subject;
  const { pod, container } = await startByCri(subject, name);
  await execByCri(cri, recorder, { name: FIRST_EXEC, container });
  await removePod(cri, pod);
}

async function startByCri(
  { cri, recorder, logDirectory }: CriSubject,
  name: string,
): Promise<{ readonly pod: string; readonly container: string }> {
  const config = await hostPodConfig(name, `${logDirectory}/${name}`);
  const pod = await atRest(recorder, 'pod start', () => runPod(cri, config, 'docker'));
  const container = await atRest(recorder, 'container start', async () => {
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
  const pod = await atRest(recorder, 'pod start', () => run(engine, infra));
  const container = await atRest(recorder, 'container start', () => run(engine, inPod(workload, pod)));
  await execPlainly(engine, recorder, { name: FIRST_EXEC, container });
  await engine.remove(container);
  await engine.remove(pod);
}

/**
 * Measures what begins after a rest. Right after one another the same calls take one of two times that differ by
 * half, as it happens: what the one before has left to do to kernel and engine is still under way, or is not.
 */
async function atRest<T>(recorder: Recorder, name: string, work: () => Promise<T>): Promise<T> {
  await sleep(REST_MS);
  return await recorder.time(name, work);
}

interface MeasuredExec {
  readonly name: string;
  readonly container: string;
}

async function execByCri(
  cri: CriClient,
  recorder: Recorder,
  { name, container }: MeasuredExec,
): Promise<void> {
  await atRest(recorder, name, async () => mustSucceed((await execSync(cri, container, TRUE)).exitCode));
}

async function execPlainly(
  engine: PlainEngine,
  recorder: Recorder,
  { name, container }: MeasuredExec,
): Promise<void> {
  await atRest(recorder, name, async () => mustSucceed(await engine.exec(container, TRUE)));
}

function mustSucceed(exitCode: number): void {
  if (exitCode !== 0) throw new Error(`/bin/true ended with ${String(exitCode)}`);
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
