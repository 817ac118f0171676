import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { RuntimeError } from '@crihub/kernel';
import { run } from '@crihub/transport/process';
import { machineFiles } from '../machine/machine-files.ts';
import { type MachineSize, type Platform, qemuArguments } from '../machine/qemu-arguments.ts';

const VERSION_TIMEOUT_MS = 10_000;
const KEY_DIGITS = 24;

/** What a saved machine depends on beside its command line. */
export interface TemplateSurroundings {
  /** A saved machine's clocks go on from this host's; so it lasts until the host boots again. */
  readonly bootId: string;
  /** QEMU's own words about its version. */
  readonly qemu: string;
  /** The processor's name and features. */
  readonly processor: string;
  /** Which files the kernel and the initramfs are: they change by being replaced. */
  readonly guest: readonly string[];
}

/** Machines with one key may be restored from each other. */
export function templateKey(
  platform: Platform,
  size: MachineSize,
  { bootId, qemu, processor, guest }: TemplateSurroundings,
): string {
  const words = qemuArguments(platform, {
    ...{ size, name: '', files: machineFiles(''), shares: { files: '', reports: '' } },
    ...{ memory: { path: '', use: 'shared' }, begin: 'kernel' },
  });
  const all = JSON.stringify([words, bootId, qemu, processor, guest]);
  return createHash('sha256').update(all).digest('hex').slice(0, KEY_DIGITS);
}

export async function qemuVersion(qemuPath: string, signal: AbortSignal): Promise<string> {
  const args = ['--version'];
  const { exitCode, stdout } = await run(qemuPath, { args, timeoutMs: VERSION_TIMEOUT_MS, signal });
  if (exitCode === 0) return stdout.toString();
  throw new RuntimeError('FailedPrecondition', `${qemuPath} --version ended with ${String(exitCode)}`);
}

export const guestFiles = async ({ kernel, initramfs }: Platform): Promise<readonly string[]> =>
  await Promise.all([kernel, initramfs].map(identityOf));

export async function processorOf(cpuinfo = '/proc/cpuinfo'): Promise<string> {
  const text = await readFile(cpuinfo, 'utf8');
  return (text.match(/^(model name|stepping|microcode|flags)\s*:.*$/gm) ?? []).slice(0, 4).join('\n');
}

async function identityOf(path: string): Promise<string> {
  const { dev, ino, size, mtimeNs } = await stat(path, { bigint: true });
  return [path, dev, ino, size, mtimeNs].join(':');
}
