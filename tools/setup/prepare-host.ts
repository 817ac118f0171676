import { mountStrayControllers } from './cgroup-controllers.ts';
import { ensureDebianPackages } from './debian-packages.ts';

/** Makes this machine ready: packages, and what pods need of its kernel. Repeating it does nothing more. */
export async function prepareHost(packages: readonly string[], say: (line: string) => void): Promise<void> {
  await ensureDebianPackages(packages, say);
  await mountStrayControllers(say);
}
