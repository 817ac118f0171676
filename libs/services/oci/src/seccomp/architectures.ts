/** libseccomp's names by Go's architecture names, with those whose programs the kernel runs as well. */
const ARCHITECTURES: Readonly<Record<string, readonly string[]>> = {
  amd64: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
  arm64: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'],
  arm: ['SCMP_ARCH_ARM'],
  ppc64le: ['SCMP_ARCH_PPC64LE'],
  s390x: ['SCMP_ARCH_S390X', 'SCMP_ARCH_S390'],
  riscv64: ['SCMP_ARCH_RISCV64'],
  loong64: ['SCMP_ARCH_LOONGARCH64'],
};

const FROM_NODE: Readonly<Record<string, string>> = { x64: 'amd64', ppc64: 'ppc64le', ia32: '386' };

/** Go's name of the architecture that this program runs on, which is also that of images: `amd64`. */
export const hostArchitecture = (): string => FROM_NODE[process.arch] ?? process.arch;

/** Empty for an architecture that libseccomp does not know: the runtime then filters its own alone. */
export const seccompArchitectures = (architecture: string): readonly string[] =>
  ARCHITECTURES[architecture] ?? [];
