import type { Container, Rlimit, Sandbox } from '@crihub/contract';
import { type CdiDevice, type CdiEdits, resolveDevices, type ResolvedDevice } from '@crihub/service-oci';
import { type ApiVersion, atLeastApi } from '@crihub/transport/docker-engine';
import { inexpressible } from '../failures.ts';
import type { EngineHost } from '../health/engine-host.ts';
import { containerLabels } from '../identity.ts';
import { engineCgroupParent } from '../pod-cgroups.ts';
import { cdiMounts, engineMounts, relabelledBinds } from './mounts.ts';
import { engineResources } from './resources.ts';
import { engineDevices, engineSecurity } from './security.ts';

export interface BodyOptions {
  readonly instance: string;
  readonly cgroupDriver: 'cgroupfs' | 'systemd';
  readonly runtime?: string | undefined;
  readonly engineLog: { readonly maxSize: string; readonly maxFiles: number };
}

export interface BodyInput {
  readonly container: Container;
  readonly sandbox: Sandbox;
  /** The engine's name or id of the image. */
  readonly image: string;
  /** The engine's id of the pod's infra container. */
  readonly infra: string;
  /** The engine's id of the container whose PID namespace is joined, for the mode `target`. */
  readonly pidTarget: string | undefined;
  readonly cdi: CdiEdits | undefined;
  readonly host: EngineHost;
  readonly api: ApiVersion;
}

/** The request that creates a container: `POST /containers/create` of the Docker Engine API. */
export async function containerBody(input: BodyInput, options: BodyOptions): Promise<object> {
  const { container, sandbox, cdi } = input;
  const { process } = container;
  if (cdi !== undefined) refuseCdi(container, cdi);
  return {
    Image: input.image,
    Entrypoint: process.args,
    Cmd: [],
    Env: withVariables(process.env, cdi?.env ?? []),
    WorkingDir: process.cwd,
    User: `${String(process.user.uid)}:${String(process.user.gid)}`,
    Tty: process.terminal,
    OpenStdin: process.stdin,
    StdinOnce: process.stdinOnce,
    StopSignal: container.stopSignal,
    Labels: containerLabels(options.instance, container, sandbox),
    // An image's own check would run beside the kubelet's probes.
    Healthcheck: { Test: ['NONE'] },
    HostConfig: await hostConfig(input, options),
  };
}

async function hostConfig(input: BodyInput, options: BodyOptions): Promise<object> {
  const { container, sandbox, cdi, host, api } = input;
  const { privileged } = container.security;
  const devices = privileged && !host.hasAllCapabilities ? await hostDevices(container) : [];
  const labelled = host.selinux ? container.mounts.filter(({ selinuxRelabel }) => selinuxRelabel) : [];
  const plain = { ...container, mounts: container.mounts.filter((mount) => !labelled.includes(mount)) };
  const { oomScoreAdj } = container.resources;
  return {
    ...namespaces(input),
    ...(await engineSecurity(container, host, api)),
    ...engineResources(host.swapLimit ? container.resources : withoutSwap(container)),
    ...(oomScoreAdj === undefined ? {} : { OomScoreAdj: Math.max(oomScoreAdj, host.minOomScoreAdj) }),
    ...(options.runtime === undefined ? {} : { Runtime: options.runtime }),
    ...(host.cgroupVersion === 2 ? { CgroupnsMode: privileged ? 'host' : 'private' } : {}),
    CgroupParent: engineCgroupParent(sandbox, options.cgroupDriver),
    GroupAdd: groups(container, cdi).map(String),
    Mounts: [
      ...engineMounts(plain, sandbox, atLeastApi(api, 44)),
      ...(cdi === undefined ? [] : cdiMounts(cdi)),
    ],
    ...(labelled.length === 0 ? {} : { Binds: relabelledBinds(labelled) }),
    Ulimits: (container.process.rlimits ?? []).map(engineUlimit),
    Devices: [...engineDevices(container, devices), ...(cdi?.devices ?? []).map(cdiDevice)],
    LogConfig: logConfig(container, options),
    RestartPolicy: { Name: 'no' },
    Init: false,
  };
}

/** The pod's namespaces, of which the infra container is the keeper. */
function namespaces({ container, sandbox, infra, pidTarget }: BodyInput): object {
  const pod = `container:${infra}`;
  const { network, ipc } = sandbox.namespaces;
  const { mode } = container.pidNamespace;
  const pid = { pod, node: 'host', container: '', target: `container:${pidTarget ?? ''}` }[mode];
  return {
    NetworkMode: network === 'node' ? 'host' : pod,
    UTSMode: network === 'node' ? 'host' : '',
    IpcMode: ipc === 'node' ? 'host' : pod,
    PidMode: pid,
  };
}

const hostDevices = (container: Container): Promise<readonly ResolvedDevice[]> =>
  resolveDevices({ ...container, devices: [] });

const logConfig = ({ logPath }: Container, { engineLog }: BodyOptions): object =>
  logPath === ''
    ? { Type: 'none', Config: {} }
    : {
        Type: 'json-file',
        Config: { 'max-size': engineLog.maxSize, 'max-file': String(engineLog.maxFiles) },
      };

/** `nofile` for RLIMIT_NOFILE; -1 is unlimited here and there. */
const engineUlimit = ({ type, soft, hard }: Rlimit): object => ({
  Name: type.replace(/^RLIMIT_/, '').toLowerCase(),
  Soft: soft,
  Hard: hard,
});

const withoutSwap = ({ resources }: Container): Container['resources'] => ({
  ...resources,
  memorySwapLimitBytes: -1,
});

const groups = ({ process }: Container, cdi: CdiEdits | undefined): readonly number[] => [
  ...new Set([...process.user.additionalGids, ...(cdi?.additionalGids ?? [])]),
];

const cdiDevice = ({ hostPath, path, permissions }: CdiDevice): object => ({
  PathOnHost: hostPath,
  PathInContainer: path,
  CgroupPermissions: permissions,
});

function refuseCdi({ id, cdiDevices }: Container, { hooks, intelRdt }: CdiEdits): void {
  if (hooks.length === 0 && intelRdt === undefined) return;
  const what = hooks.length > 0 ? 'run the hooks' : 'set the cache allocation';
  throw inexpressible(id, `${what} of ${cdiDevices.join(', ')}`, 'use the handler of another backend');
}

function withVariables(env: readonly string[], changes: readonly string[]): readonly string[] {
  const nameOf = (variable: string): string => variable.slice(0, variable.indexOf('='));
  return [...new Map([...env, ...changes].map((variable) => [nameOf(variable), variable])).values()];
}
