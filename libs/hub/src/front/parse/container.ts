import type {
  ContainerMetadata,
  ContainerPidNamespace,
  ContainerSecurity,
  Device,
  Resources,
} from '@crihub/contract';
import { parseContainerId } from '@crihub/kernel';
import {
  type Capability,
  type ContainerConfig,
  type LinuxContainerSecurityContext,
  NamespaceMode,
  Signal,
  SupplementalGroupsPolicy,
} from '@crihub/wire/cri';
import { checkPath, containerPath, hostPath, integer, invalid, required, userId } from './check.ts';
import { defined } from './defined.ts';
import { type MountRequest, parseMount } from './mounts.ts';
import { parseResources } from './resources.ts';
import { parseAppArmor, parseSeccomp, parseSelinux } from './security.ts';

/** Whom the container runs as, before names are looked up in its image. */
export interface UserRequest {
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly runAsUsername?: string;
  readonly supplementalGroups: readonly number[];
  readonly supplementalGroupsPolicy: 'merge' | 'strict';
}

export interface EnvironmentVariable {
  readonly name: string;
  readonly value: string;
}

/** What CreateContainer asks for, checked; image defaults are not merged in yet. */
export interface ContainerRequest {
  readonly metadata: ContainerMetadata;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Reference or id. */
  readonly image: string;
  readonly userSpecifiedImage: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly workingDirectory: string;
  /** In order; a name may come twice, the last one counts. */
  readonly env: readonly EnvironmentVariable[];
  readonly terminal: boolean;
  readonly stdin: boolean;
  readonly stdinOnce: boolean;
  readonly user: UserRequest;
  /** Absent: as the pod has it. */
  readonly pidNamespace?: ContainerPidNamespace;
  readonly security: ContainerSecurity;
  readonly mounts: readonly MountRequest[];
  readonly devices: readonly Device[];
  readonly cdiDevices: readonly string[];
  readonly resources: Resources;
  /** Below the pod's log directory; empty: no log. */
  readonly logPath: string;
  /** Overrides that of the image. */
  readonly stopSignal?: string;
}

export function parseContainer(wire: ContainerConfig | undefined): ContainerRequest {
  const config = required(wire, 'config');
  const { name, attempt } = required(config.metadata, 'metadata');
  const security = config.linux?.securityContext;
  return {
    metadata: { name: required(name, 'metadata.name'), attempt },
    labels: config.labels,
    annotations: config.annotations,
    image: required(config.image?.image, 'image.image'),
    userSpecifiedImage: config.image?.userSpecifiedImage ?? '',
    command: config.command,
    args: config.args,
    workingDirectory: config.workingDir === '' ? '' : containerPath(config.workingDir, 'working_dir'),
    env: config.envs.map(({ key, value }) => parseEnv(key, value)),
    terminal: config.tty,
    stdin: config.stdin,
    stdinOnce: config.stdinOnce,
    user: parseUser(security),
    security: parseSecurity(security),
    mounts: config.mounts.map(parseMount),
    devices: config.devices.map(parseDevice),
    cdiDevices: config.CDIDevices.map(({ name: device }) => required(device, 'CDI_devices.name')),
    resources: parseResources(config.linux?.resources, 'linux.resources'),
    logPath: parseLogPath(config.logPath),
    ...defined({
      stopSignal: parseStopSignal(config.stopSignal),
      pidNamespace: parsePidNamespace(security),
    }),
  };
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function parseEnv(name: string, value: Uint8Array): EnvironmentVariable {
  if (name === '' || /[=\0]/.test(name))
    throw invalid(`envs has the name '${name}'; a name has no '=' in it`);
  if (value.includes(0)) throw invalid(`environment variable ${name} contains a NUL byte`);
  try {
    return { name, value: utf8.decode(value) };
  } catch {
    // An OCI runtime reads its configuration as JSON, which holds text alone.
    throw invalid(`environment variable ${name} is not valid UTF-8, which OCI runtimes can't take`);
  }
}

function parseUser(wire: LinuxContainerSecurityContext | undefined): UserRequest {
  const uid = wire?.runAsUser && userId(wire.runAsUser.value, 'run_as_user');
  const gid = wire?.runAsGroup && userId(wire.runAsGroup.value, 'run_as_group');
  const username = wire?.runAsUsername === '' ? undefined : wire?.runAsUsername;
  if (uid !== undefined && username !== undefined)
    throw invalid('run_as_user and run_as_username are both set');
  if (gid !== undefined && uid === undefined && username === undefined) {
    throw invalid('run_as_group is set, but neither run_as_user nor run_as_username');
  }
  return {
    ...defined({ runAsUser: uid, runAsGroup: gid, runAsUsername: username }),
    supplementalGroups: (wire?.supplementalGroups ?? []).map((group) => userId(group, 'supplemental_groups')),
    supplementalGroupsPolicy:
      wire?.supplementalGroupsPolicy === SupplementalGroupsPolicy.Strict ? 'strict' : 'merge',
  };
}

function parsePidNamespace(
  wire: LinuxContainerSecurityContext | undefined,
): ContainerPidNamespace | undefined {
  const options = wire?.namespaceOptions;
  if (options === undefined) return undefined;
  switch (options.pid) {
    case NamespaceMode.POD:
      return { mode: 'pod' };
    case NamespaceMode.CONTAINER:
      return { mode: 'container' };
    case NamespaceMode.NODE:
      return { mode: 'node' };
    case NamespaceMode.TARGET: {
      const target = parseContainerId(options.targetId);
      if (target === undefined)
        throw invalid(`namespace_options.target_id is '${options.targetId}', no container id`);
      return { mode: 'target', target };
    }
    default:
      throw invalid(`namespace_options.pid is ${String(options.pid)}, which is not known`);
  }
}

function parseSecurity(wire: LinuxContainerSecurityContext | undefined): ContainerSecurity {
  const field = 'linux.security_context';
  return {
    privileged: wire?.privileged ?? false,
    capabilities: parseCapabilities(wire?.capabilities),
    noNewPrivileges: wire?.noNewPrivs ?? false,
    readonlyRootfs: wire?.readonlyRootfs ?? false,
    maskedPaths: (wire?.maskedPaths ?? []).map((path) => containerPath(path, `${field}.masked_paths`)),
    readonlyPaths: (wire?.readonlyPaths ?? []).map((path) => containerPath(path, `${field}.readonly_paths`)),
    seccomp: parseSeccomp(wire?.seccomp, wire?.seccompProfilePath ?? '', `${field}.seccomp`),
    apparmor: parseAppArmor(wire?.apparmor, wire?.apparmorProfile ?? '', `${field}.apparmor`),
    ...defined({ selinux: parseSelinux(wire?.selinuxOptions) }),
  };
}

function parseCapabilities(wire: Capability | undefined): ContainerSecurity['capabilities'] {
  const names = (list: readonly string[] = []): readonly string[] => list.map(capabilityName);
  return {
    add: names(wire?.addCapabilities),
    drop: names(wire?.dropCapabilities),
    addAmbient: names(wire?.addAmbientCapabilities),
  };
}

function capabilityName(text: string): string {
  const name = text.toUpperCase().replace(/^CAP_/, '');
  if (!/^[A-Z_]+$/.test(name)) throw invalid(`'${text}' is no capability`);
  return name;
}

function parseDevice(wire: { containerPath: string; hostPath: string; permissions: string }): Device {
  if (!/^[rwm]*$/.test(wire.permissions)) {
    throw invalid(
      `device ${wire.hostPath} has permissions '${wire.permissions}'; they are letters of r, w, m`,
    );
  }
  const source = hostPath(wire.hostPath, 'devices.host_path');
  return {
    hostPath: source,
    containerPath:
      wire.containerPath === '' ? source : containerPath(wire.containerPath, 'devices.container_path'),
    permissions: wire.permissions === '' ? 'rwm' : wire.permissions,
  };
}

function parseLogPath(text: string): string {
  if (text === '') return '';
  checkPath(text, 'log_path');
  return text;
}

const SIGNAL_NAMES = new Map<number, string>(Object.entries(Signal).map(([name, number]) => [number, name]));

/** `SIGTERM` for SIGNAL_SIGTERM, `SIGRTMIN+3` for SIGNAL_SIGRTMINPLUS3. */
function parseStopSignal(wire: Signal): string | undefined {
  if (wire === Signal.SIGNAL_RUNTIME_DEFAULT) return undefined;
  const name = SIGNAL_NAMES.get(wire);
  if (name === undefined || wire === Signal.UNRECOGNIZED) {
    throw invalid(`stop_signal is ${String(integer(BigInt(wire), 'stop_signal'))}, which is not known`);
  }
  return name.slice('SIGNAL_'.length).replace('MINPLUS', 'MIN+').replace('MAXMINUS', 'MAX-');
}
