/**
 * The part of the OCI runtime specification's config.json that crihub writes, with its field names.
 * @see https://github.com/opencontainers/runtime-spec (config.md, config-linux.md)
 */
export interface OciSpec {
  readonly ociVersion: string;
  readonly process: OciProcess;
  readonly root: { readonly path: string; readonly readonly: boolean };
  /** Absent: the name of the UTS namespace that is joined stays. */
  readonly hostname?: string;
  /** Mounted in this order. */
  readonly mounts: readonly OciMount[];
  readonly hooks?: OciHooks;
  readonly annotations: Readonly<Record<string, string>>;
  readonly linux: OciLinux;
}

/** Also what `runc exec --process` reads. */
export interface OciProcess {
  readonly terminal: boolean;
  readonly user: OciUser;
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly capabilities: OciCapabilities;
  readonly rlimits?: readonly OciRlimit[];
  readonly noNewPrivileges: boolean;
  readonly apparmorProfile?: string;
  readonly selinuxLabel?: string;
  readonly oomScoreAdj?: number;
}

export interface OciUser {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids?: readonly number[];
}

/** Names with the `CAP_` prefix. */
export interface OciCapabilities {
  readonly bounding: readonly string[];
  readonly effective: readonly string[];
  readonly inheritable: readonly string[];
  readonly permitted: readonly string[];
  readonly ambient: readonly string[];
}

export interface OciRlimit {
  /** `RLIMIT_NOFILE`, … */
  readonly type: string;
  /** A bigint where the value exceeds what a number holds exactly: 2^64 - 1 is unlimited. */
  readonly soft: number | bigint;
  readonly hard: number | bigint;
}

export interface OciMount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
  readonly uidMappings?: readonly OciIdMapping[];
  readonly gidMappings?: readonly OciIdMapping[];
}

export interface OciIdMapping {
  readonly containerID: number;
  readonly hostID: number;
  readonly size: number;
}

export const HOOK_NAMES = [
  'prestart',
  'createRuntime',
  'createContainer',
  'startContainer',
  'poststart',
  'poststop',
] as const;
export type OciHookName = (typeof HOOK_NAMES)[number];
export type OciHooks = Readonly<Partial<Record<OciHookName, readonly OciHook[]>>>;

export interface OciHook {
  readonly path: string;
  readonly args?: readonly string[];
  readonly env?: readonly string[];
  /** Seconds. */
  readonly timeout?: number;
}

export interface OciLinux {
  readonly namespaces: readonly OciNamespace[];
  readonly uidMappings?: readonly OciIdMapping[];
  readonly gidMappings?: readonly OciIdMapping[];
  readonly devices: readonly OciDevice[];
  /** `/parent/name`, or `slice:prefix:name` for a runtime that is told to use systemd. */
  readonly cgroupsPath: string;
  readonly resources: OciResources;
  readonly sysctl: Readonly<Record<string, string>>;
  readonly seccomp?: OciSeccomp;
  /** Absent: the runtime's default; nothing propagates out of the container. */
  readonly rootfsPropagation?: 'rslave' | 'rshared';
  readonly maskedPaths: readonly string[];
  readonly readonlyPaths: readonly string[];
  readonly mountLabel?: string;
  readonly intelRdt?: OciIntelRdt;
}

export interface OciIntelRdt {
  readonly closID?: string;
  readonly l3CacheSchema?: string;
  readonly memBwSchema?: string;
  readonly enableCMT?: boolean;
  readonly enableMBM?: boolean;
}

export type OciNamespaceType = 'mount' | 'pid' | 'network' | 'ipc' | 'uts' | 'cgroup' | 'user';

export interface OciNamespace {
  readonly type: OciNamespaceType;
  /** Absent: a new one. */
  readonly path?: string;
}

/** A device node that the runtime makes. `u` is a character device without buffering, `p` a FIFO. */
export interface OciDevice {
  readonly path: string;
  readonly type: 'c' | 'b' | 'u' | 'p';
  /** Absent for a FIFO. */
  readonly major?: number;
  readonly minor?: number;
  readonly fileMode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

/** A rule of the device cgroup; the last that matches counts. */
export interface OciDeviceRule {
  readonly allow: boolean;
  readonly type?: 'a' | 'c' | 'b';
  readonly major?: number;
  readonly minor?: number;
  readonly access: string;
}

export interface OciResources {
  readonly devices: readonly OciDeviceRule[];
  readonly memory?: OciMemory;
  readonly cpu?: OciCpu;
  readonly pids?: { readonly limit: number };
  readonly hugepageLimits?: readonly OciHugepageLimit[];
  readonly unified?: Readonly<Record<string, string>>;
}

export interface OciMemory {
  readonly limit?: number;
  /** Memory plus swap, as in cgroup v1; the runtime converts for v2. */
  readonly swap?: number;
}

export interface OciCpu {
  readonly shares?: number;
  readonly quota?: number;
  readonly period?: number;
  readonly cpus?: string;
  readonly mems?: string;
}

export interface OciHugepageLimit {
  readonly pageSize: string;
  readonly limit: number;
}

export interface OciSeccomp {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  readonly architectures?: readonly string[];
  readonly flags?: readonly string[];
  readonly listenerPath?: string;
  readonly listenerMetadata?: string;
  readonly syscalls?: readonly OciSyscallRule[];
}

export interface OciSyscallRule {
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet?: number;
  readonly args?: readonly OciSyscallArgument[];
}

export interface OciSyscallArgument {
  readonly index: number;
  readonly value: number | bigint;
  readonly valueTwo?: number | bigint;
  /** `SCMP_CMP_EQ`, … */
  readonly op: string;
}
