import { constants } from 'node:os';
import type { OciSeccomp, OciSyscallArgument, OciSyscallRule } from '../oci-spec.ts';
import { seccompArchitectures } from './architectures.ts';
import { ALLOWED_ON_ARCHITECTURE, ALLOWED_WITH_CAPABILITY, ALWAYS_ALLOWED } from './default-syscalls.ts';
import { atLeast, type SeccompContext } from './seccomp-context.ts';

const AF_ALG = 38;
const AF_VSOCK = 40;
/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET of clone(2). */
const NAMESPACE_FLAGS = 0x7e020000;
/** Linux, SVr4-like uname, 32-bit uname, both, and the query: personality(2). */
const PERSONALITIES = [0x0, 0x8, 0x20000, 0x20008, 0xffffffff] as const;

/**
 * RuntimeDefault: everything is refused with EPERM but what programs commonly need, and what the
 * container's capabilities or the architecture add.
 */
export function defaultSeccompProfile(context: SeccompContext): OciSeccomp {
  const { architecture, capabilities } = context;
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: constants.errno.EPERM,
    architectures: seccompArchitectures(architecture),
    syscalls: [
      allow(Object.values(ALWAYS_ALLOWED)),
      allow([ALLOWED_ON_ARCHITECTURE[architecture] ?? '']),
      ...capabilities.map((name) => allow([ALLOWED_WITH_CAPABILITY[name] ?? ''])),
      ...tracing(context),
      ...sockets(),
      ...PERSONALITIES.map((value) => allow(['personality'], { index: 0, value, op: 'SCMP_CMP_EQ' })),
      ...(capabilities.includes('CAP_SYS_ADMIN') ? [] : cloneWithoutNamespaces(architecture)),
    ].filter((rule) => rule.names.length > 0),
  };
}

/** Before Linux 4.8 a tracer could leave the filter by ptrace. */
const tracing = ({ kernelVersion }: SeccompContext): readonly OciSyscallRule[] =>
  atLeast(kernelVersion, [4, 8]) ? [allow(['process_vm_readv process_vm_writev ptrace'])] : [];

/** Every family but the kernel's crypto API and VM sockets, which know nothing of network namespaces. */
const sockets = (): readonly OciSyscallRule[] => [
  allow(['socket'], { index: 0, value: AF_ALG, op: 'SCMP_CMP_LT' }),
  allow(['socket'], { index: 0, value: AF_ALG + 1, op: 'SCMP_CMP_EQ' }),
  allow(['socket'], { index: 0, value: AF_VSOCK, op: 'SCMP_CMP_GT' }),
];

/**
 * Threads and processes, but no namespaces. The flags of clone3 are in memory, where a filter can't
 * see them: ENOSYS makes the C library fall back to clone.
 */
const cloneWithoutNamespaces = (architecture: string): readonly OciSyscallRule[] => [
  allow(['clone'], {
    index: architecture === 's390x' ? 1 : 0,
    value: NAMESPACE_FLAGS,
    valueTwo: 0,
    op: 'SCMP_CMP_MASKED_EQ',
  }),
  { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: constants.errno.ENOSYS },
];

const allow = (lists: readonly string[], ...args: readonly OciSyscallArgument[]): OciSyscallRule => ({
  names: lists.flatMap((list) => list.split(' ')).filter((name) => name !== ''),
  action: 'SCMP_ACT_ALLOW',
  ...(args.length === 0 ? {} : { args }),
});
