import type { PodMetadata, Sandbox } from '@crihub/contract';
import type {
  LinuxPodSandboxConfig,
  PodSandboxConfig,
  PodSandboxMetadata,
  PortMapping,
} from '@crihub/wire/cri';
import { Protocol } from '@crihub/wire/cri';
import { checkPath, hostPath, invalid, required } from './check.ts';
import { defined } from './defined.ts';
import { parseSandboxNamespaces } from './namespaces.ts';
import { parseResources } from './resources.ts';
import { parseAppArmor, parseSeccomp, parseSelinux } from './security.ts';
import { parseSysctls } from './sysctls.ts';

/** A pod's resolver configuration; absent means that of the node. */
export interface DnsConfig {
  readonly servers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
}

export interface HostPort {
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  readonly containerPort: number;
  readonly hostPort: number;
  readonly hostIp: string;
}

/** What RunPodSandbox asks for, checked: the domain's part, and what only the hub deals with. */
export interface SandboxRequest {
  readonly sandbox: Omit<Sandbox, 'id' | 'directory'>;
  /** Absolute, or empty: the pod's containers have no logs. */
  readonly logDirectory: string;
  readonly dns?: DnsConfig;
  readonly hostPorts: readonly HostPort[];
}

export function parseSandbox(config: PodSandboxConfig | undefined): SandboxRequest {
  const { metadata, linux, ...rest } = required(config, 'config');
  const namespaces = parseSandboxNamespaces(linux?.securityContext?.namespaceOptions);
  return {
    sandbox: {
      metadata: parseMetadata(metadata),
      labels: rest.labels,
      annotations: rest.annotations,
      hostname: parseHostname(rest.hostname, namespaces.network === 'node'),
      namespaces,
      security: parseSecurity(linux),
      sysctls: parseSysctls(linux?.sysctls ?? {}, namespaces),
      cgroupParent: parseCgroupParent(linux?.cgroupParent ?? ''),
      overhead: parseResources(linux?.overhead, 'linux.overhead'),
      resources: parseResources(linux?.resources, 'linux.resources'),
    },
    logDirectory: rest.logDirectory === '' ? '' : hostPath(rest.logDirectory, 'log_directory'),
    hostPorts: rest.portMappings.map(parsePort).filter(({ hostPort }) => hostPort !== 0),
    ...defined({ dns: rest.dnsConfig }),
  };
}

function parseMetadata(wire: PodSandboxMetadata | undefined): PodMetadata {
  const { name, namespace, uid, attempt } = required(wire, 'metadata');
  return {
    name: required(name, 'metadata.name'),
    namespace: required(namespace, 'metadata.namespace'),
    uid: required(uid, 'metadata.uid'),
    attempt,
  };
}

function parseHostname(hostname: string, onHostNetwork: boolean): string {
  if (hostname.length > 64 || /[\0\n/]/.test(hostname)) {
    throw invalid(`hostname is '${hostname}'; it has at most 64 characters and no slash`);
  }
  return onHostNetwork ? '' : hostname;
}

function parseSecurity(linux: LinuxPodSandboxConfig | undefined): Sandbox['security'] {
  const wire = linux?.securityContext;
  const field = 'linux.security_context';
  return {
    privileged: wire?.privileged ?? false,
    seccomp: parseSeccomp(wire?.seccomp, wire?.seccompProfilePath ?? '', `${field}.seccomp`),
    apparmor: parseAppArmor(wire?.apparmor, '', `${field}.apparmor`),
    ...defined({ selinux: parseSelinux(wire?.selinuxOptions) }),
  };
}

function parseCgroupParent(text: string): string {
  if (text !== '') checkPath(text, 'linux.cgroup_parent');
  return text;
}

const PROTOCOLS = { [Protocol.TCP]: 'tcp', [Protocol.UDP]: 'udp', [Protocol.SCTP]: 'sctp' } as const;

function parsePort(wire: PortMapping): HostPort {
  const protocol = (PROTOCOLS as Record<number, HostPort['protocol'] | undefined>)[wire.protocol];
  if (protocol === undefined) throw invalid(`port_mappings has protocol ${String(wire.protocol)}`);
  const port = (value: number, name: string): number => {
    if (value < 0 || value > 65_535) throw invalid(`port_mappings has ${name} ${String(value)}`);
    return value;
  };
  return {
    protocol,
    containerPort: port(wire.containerPort, 'container_port'),
    hostPort: port(wire.hostPort, 'host_port'),
    hostIp: wire.hostIp,
  };
}
