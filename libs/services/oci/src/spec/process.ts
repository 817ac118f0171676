import type { ExecSpec, Rlimit } from '@crihub/contract';
import type { OciProcess, OciRlimit } from '../oci-spec.ts';
import { containerCapabilities } from './capabilities.ts';
import { apparmorProfile, processLabel } from './labels.ts';
import type { SpecHost, SpecInput } from './spec-input.ts';

/**
 * A container's first process. HOME is left to the runtime, which takes it from the container's
 * /etc/passwd where the environment has none.
 */
export function ociProcess({ container, sandbox, host, rlimits }: SpecInput): OciProcess {
  const { process, security, resources } = container;
  const apparmor = apparmorProfile(security, host);
  const selinux = processLabel(security, sandbox, host);
  const limits = mergedRlimits(process.rlimits ?? [], rlimits).map((limit) => clampRlimit(limit, host));
  return {
    terminal: process.terminal,
    user: process.user,
    args: process.args,
    env: process.env,
    cwd: process.cwd,
    capabilities: containerCapabilities(security, host),
    ...(limits.length === 0 ? {} : { rlimits: limits }),
    noNewPrivileges: security.noNewPrivileges,
    ...(apparmor === undefined ? {} : { apparmorProfile: apparmor }),
    ...(selinux === undefined ? {} : { selinuxLabel: selinux }),
    // Left out, the daemon's own value would be inherited, and that may well protect the daemon.
    oomScoreAdj: Math.max(resources.oomScoreAdj ?? 0, host.minOomScoreAdj),
  };
}

/** A further process with the user, environment and rights of the first one: for `exec --process`. */
export const execProcess = (first: OciProcess, exec: ExecSpec): OciProcess => ({
  ...first,
  args: exec.args,
  terminal: exec.terminal,
});

/** Those of the container go before those of its handler. */
const mergedRlimits = (own: readonly Rlimit[], others: readonly OciRlimit[]): readonly OciRlimit[] => [
  ...others.filter(({ type }) => !own.some((limit) => limit.type === type)),
  ...own.map(({ type, soft, hard }) => ({ type, soft: ociLimit(soft), hard: ociLimit(hard) })),
];

const RLIM_INFINITY = 2n ** 64n - 1n;
const ociLimit = (value: number): number | bigint => (value === -1 ? RLIM_INFINITY : value);

function clampRlimit(limit: OciRlimit, host: SpecHost): OciRlimit {
  const most = host.hardRlimits[limit.type];
  if (most === undefined || host.capabilities.includes('CAP_SYS_RESOURCE')) return limit;
  return { type: limit.type, soft: lesser(limit.soft, most), hard: lesser(limit.hard, most) };
}

const lesser = (a: number | bigint, b: number | bigint): number | bigint => (a <= b ? a : b);
