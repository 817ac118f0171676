import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { errnoCode } from '@crihub/kernel';
import { type Finding, warning } from '../finding.ts';

const DEVICE = '/dev/kvm';

/** KVM for handlers that run pods in virtual machines. That the device opens does not mean that one boots. */
export async function checkKvm(): Promise<readonly Finding[]> {
  return [judgeKvm(await openingTrouble(DEVICE))];
}

/** @param trouble the error code of opening the device; nothing if it opened. */
export function judgeKvm(trouble: string | undefined): Finding {
  if (trouble === undefined) {
    const message = `${DEVICE} opens; whether a virtual machine boots was not tried`;
    return warning('kvm', message, 'nothing to do without a handler that runs virtual machines');
  }
  if (trouble === 'ENOENT') {
    const advice =
      'only handlers that run virtual machines need it: enable virtualisation, load kvm_intel or kvm_amd';
    return warning('kvm', `there is no ${DEVICE}`, advice);
  }
  return warning('kvm', `${DEVICE} can't be opened (${trouble})`, 'run as root, and allow the device');
}

async function openingTrouble(path: string): Promise<string | undefined> {
  try {
    await (await open(path, constants.O_RDWR)).close();
    return undefined;
  } catch (cause) {
    return errnoCode(cause) ?? String(cause);
  }
}
