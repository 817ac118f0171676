import { RuntimeError } from '@crihub/kernel';
import { run } from '@crihub/transport/process';
import { withoutStartingServices } from './service-guard.ts';

/** What the daemon needs on a node to run pods on its runc backend. */
export const RUNTIME_PACKAGES = [
  'runc',
  'crun',
  'conmon',
  'catatonit',
  'containernetworking-plugins',
  'iptables',
  'ca-certificates',
] as const;

/** What runs pods in virtual machines, and what builds their guest. */
export const MACHINE_PACKAGES = [
  'qemu-system-x86',
  'iproute2',
  'util-linux',
  'binutils',
  'gcc',
  'libc6-dev',
  'xz-utils',
] as const;

/** What the integration tests, the conformance run and the bench need on top. */
export const TEST_PACKAGES = [
  ...RUNTIME_PACKAGES,
  ...MACHINE_PACKAGES,
  'docker-registry',
  'containerd',
  'docker.io',
  'busybox-static',
  'socat',
  'procps',
  // What runc is built with where a test needs a newer one than the distribution has.
  'gcc',
  'libc6-dev',
  'libseccomp-dev',
  'pkg-config',
  'chromium',
  'prometheus',
  'zsh',
  'fish',
  'qemu-system-x86',
] as const;

const UPDATE_TIMEOUT_MS = 5 * 60_000;
const INSTALL_TIMEOUT_MS = 15 * 60_000;
// Another apt may be running, as unattended-upgrades does on a fresh machine.
const LOCK_OPTIONS = ['-o', 'DPkg::Lock::Timeout=180', '-o', 'Acquire::Retries=3', '-qq'];

/**
 * Installs what is missing of these Debian packages. With nothing missing it costs one dpkg-query.
 * No service is started by the packages.
 * @throws FailedPrecondition if the machine has no dpkg, or apt can't install them.
 */
export async function ensureDebianPackages(
  names: readonly string[],
  say: (line: string) => void,
): Promise<void> {
  const missing = await missingDebianPackages(names);
  if (missing.length === 0) return;
  say(`installing Debian packages: ${missing.join(' ')}`);
  await aptGet(['update'], UPDATE_TIMEOUT_MS);
  await withoutStartingServices(async () =>
    aptGet(['install', '-y', '--no-install-recommends', ...missing], INSTALL_TIMEOUT_MS),
  );
  const still = await missingDebianPackages(missing);
  if (still.length > 0)
    throw new RuntimeError('FailedPrecondition', `apt-get succeeded, but still missing: ${still.join(' ')}`);
}

/** Those of the packages that dpkg does not hold as installed. */
export async function missingDebianPackages(names: readonly string[]): Promise<readonly string[]> {
  const query = await run('dpkg-query', {
    args: ['--show', '--showformat', '${binary:Package} ${db:Status-Status}\n', ...names],
  }).catch((cause: unknown) => {
    throw new RuntimeError(
      'FailedPrecondition',
      `this machine has no dpkg, and set-up knows Debian and its kin only; install these yourself: ${names.join(' ')}`,
      { cause },
    );
  });
  return notInstalled(names, query.stdout.toString());
}

/** Compares the wanted names with dpkg-query's `name[:arch] status` lines. */
export function notInstalled(names: readonly string[], listing: string): readonly string[] {
  const installed = new Set(
    listing
      .split('\n')
      .map((line) => line.split(' '))
      .filter(([, status]) => status === 'installed')
      .map(([name = '']) => name.split(':')[0]),
  );
  return names.filter((name) => !installed.has(name));
}

async function aptGet(args: readonly string[], timeoutMs: number): Promise<void> {
  const env = { ...(process.env as Record<string, string>), DEBIAN_FRONTEND: 'noninteractive' };
  const result = await run('apt-get', { args: [...LOCK_OPTIONS, ...args], env, timeoutMs });
  if (result.exitCode === 0) return;
  const output = result.stderr.toString().trim() || result.stdout.toString().trim();
  throw new RuntimeError(
    'FailedPrecondition',
    `apt-get ${args[0] ?? ''} failed with exit code ${String(result.exitCode)}: ${output.slice(-2000)}`,
    { operation: `apt-get ${args.join(' ')}` },
  );
}
