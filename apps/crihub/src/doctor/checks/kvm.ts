import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { type Trial, tryKvm } from '@crihub/linux';
import { run } from '@crihub/transport/process';
import { type Finding, ok, warning } from '../finding.ts';

const DEVICE = '/dev/kvm';

/** KVM, for handlers that run pods in virtual machines: found by running machine code in one. */
export async function checkKvm(signal: AbortSignal): Promise<readonly Finding[]> {
  return [judgeKvm((await exists(DEVICE)) ? await tryKvm(run, signal) : undefined)];
}

/** @param trial nothing if there is no device to try. */
export function judgeKvm(trial: Trial | undefined): Finding {
  if (trial?.usable === true) return ok('kvm', `${DEVICE} runs machine code`);
  const consequence = 'pods in virtual machines are emulated, and slow';
  if (trial === undefined) {
    const advice = `${consequence}: enable virtualisation in the firmware, and load kvm_intel or kvm_amd`;
    return warning('kvm', `there is no ${DEVICE}`, advice);
  }
  return warning(
    'kvm',
    `${DEVICE} is not usable: ${trial.reason}`,
    `${consequence}: run as root; inside a virtual machine, ask for nested virtualisation`,
  );
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path, constants.F_OK);
    return true;
  } catch {
    return false;
  }
}
