import { describe, expect, it } from 'vitest';
import type { OciSyscallRule } from '../oci-spec.ts';
import { ALL_CAPABILITIES, DEFAULT_CAPABILITIES } from '../spec/capabilities.ts';
import { defaultSeccompProfile } from './default-profile.ts';
import { ALLOWED_ON_ARCHITECTURE, ALLOWED_WITH_CAPABILITY, ALWAYS_ALLOWED } from './default-syscalls.ts';
import type { SeccompContext } from './seccomp-context.ts';

const context = (changes: Partial<SeccompContext> = {}): SeccompContext => ({
  architecture: 'amd64',
  capabilities: DEFAULT_CAPABILITIES,
  kernelVersion: [6, 1],
  ...changes,
});
const rulesFor = (name: string, changes: Partial<SeccompContext> = {}): readonly OciSyscallRule[] =>
  (defaultSeccompProfile(context(changes)).syscalls ?? []).filter((rule) => rule.names.includes(name));

type Verdict = 'allowed' | 'refused' | number;

/** What the kernel would do: with several rules for a call, the most permissive that matches. */
function verdict(name: string, args: readonly number[], changes: Partial<SeccompContext> = {}): Verdict {
  const matching = rulesFor(name, changes).filter((rule) =>
    (rule.args ?? []).every(({ index, value, valueTwo = 0, op }) => {
      const given = args[index] ?? 0;
      const wanted = Number(value);
      if (op === 'SCMP_CMP_EQ') return given === wanted;
      if (op === 'SCMP_CMP_LT') return given < wanted;
      if (op === 'SCMP_CMP_GT') return given > wanted;
      return (BigInt(given) & BigInt(value)) === BigInt(valueTwo);
    }),
  );
  if (matching.some((rule) => rule.action === 'SCMP_ACT_ALLOW')) return 'allowed';
  return matching[0]?.errnoRet ?? 'refused';
}

const SIGCHLD = 17;
const CLONE_NEWUSER = 0x10000000;
const CLONE_THREAD = 0x10000;
const admin = { capabilities: ['CAP_SYS_ADMIN'] };

describe('RuntimeDefault', () => {
  it.each<[call: string, args: readonly number[], changes: Partial<SeccompContext>, expected: Verdict]>([
    ['read', [], {}, 'allowed'],
    ['openat2', [], {}, 'allowed'],
    ['mount', [], {}, 'refused'],
    ['mount', [], admin, 'allowed'],
    ['unshare', [], {}, 'refused'],
    ['io_uring_setup', [], { capabilities: ALL_CAPABILITIES }, 'refused'],
    ['keyctl', [], { capabilities: ALL_CAPABILITIES }, 'refused'],
    ['userfaultfd', [], {}, 'refused'],
    ['chroot', [], {}, 'allowed'], // CAP_SYS_CHROOT is a default capability
    ['chroot', [], { capabilities: [] }, 'refused'],
    ['reboot', [], { capabilities: ['CAP_SYS_BOOT'] }, 'allowed'],
    ['bpf', [], { capabilities: ['CAP_BPF'] }, 'allowed'],
    ['clone', [SIGCHLD], {}, 'allowed'],
    ['clone', [CLONE_THREAD], {}, 'allowed'],
    ['clone', [CLONE_NEWUSER | SIGCHLD], {}, 'refused'],
    ['clone', [CLONE_NEWUSER | SIGCHLD], admin, 'allowed'],
    ['clone', [CLONE_NEWUSER, SIGCHLD], { architecture: 's390x' }, 'allowed'],
    ['clone', [0, CLONE_NEWUSER], { architecture: 's390x' }, 'refused'],
    ['clone3', [], {}, 38],
    ['clone3', [], admin, 'allowed'],
    ['socket', [2], {}, 'allowed'],
    ['socket', [38], {}, 'refused'],
    ['socket', [39], {}, 'allowed'],
    ['socket', [40], {}, 'refused'],
    ['socket', [44], {}, 'allowed'],
    ['personality', [0], {}, 'allowed'],
    ['personality', [0x20008], {}, 'allowed'],
    ['personality', [0xffffffff], {}, 'allowed'],
    ['personality', [0x40000], {}, 'refused'], // ADDR_NO_RANDOMIZE
    ['ptrace', [], {}, 'allowed'],
    ['ptrace', [], { kernelVersion: [4, 7] }, 'refused'],
    ['ptrace', [], { kernelVersion: [4, 7], capabilities: ['CAP_SYS_PTRACE'] }, 'allowed'],
    ['ptrace', [], { kernelVersion: [5, 0] }, 'allowed'],
    ['arch_prctl', [], {}, 'allowed'],
    ['arch_prctl', [], { architecture: 'arm64' }, 'refused'],
    ['set_tls', [], { architecture: 'arm64' }, 'allowed'],
  ])('%s(%j) with %j: %s', (call, args, changes, expected) => {
    expect(verdict(call, args, changes)).toBe(expected);
  });

  it('covers the architectures whose programs the host runs', () => {
    expect(defaultSeccompProfile(context())).toMatchObject({
      defaultAction: 'SCMP_ACT_ERRNO',
      defaultErrnoRet: 1,
      architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
    });
    expect(defaultSeccompProfile(context({ architecture: 'vax' })).architectures).toEqual([]);
  });

  it('names each call once in a list, and none twice among those always allowed', () => {
    const words = (text: string) => text.split(' ');
    const always = Object.values(ALWAYS_ALLOWED).flatMap(words);
    expect(new Set(always).size).toBe(always.length);
    const tables = [ALLOWED_WITH_CAPABILITY, ALLOWED_ON_ARCHITECTURE];
    for (const list of tables.flatMap((table) => Object.values(table).map(words))) {
      expect(list.filter((name) => always.includes(name))).toEqual([]);
      expect(new Set(list).size).toBe(list.length);
    }
    expect(always.every((name) => /^[a-z0-9_]+$/.test(name))).toBe(true);
    expect(Object.keys(ALLOWED_WITH_CAPABILITY).every((name) => ALL_CAPABILITIES.includes(name))).toBe(true);
  });
});
