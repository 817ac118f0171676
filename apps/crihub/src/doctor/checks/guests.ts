import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '@crihub/config';
import { error, type Finding, ok } from '../finding.ts';

/** What handlers that run pods in virtual machines boot them with, and where it is if no option says so. */
const FILES = ['vmlinux', 'initramfs'];
const DIRECTORY = '/var/lib/crihub/guest';

/** Whether the guest of each such handler was built. */
export async function checkGuests({ handlers }: Config): Promise<readonly Finding[]> {
  const findings = Object.entries(handlers).map(async ([handler, { backend, guestDirectory }]) => {
    if (backend !== 'kata') return [];
    return [await checkGuest(handler, typeof guestDirectory === 'string' ? guestDirectory : DIRECTORY)];
  });
  return (await Promise.all(findings)).flat();
}

async function checkGuest(handler: string, directory: string): Promise<Finding> {
  const check = `guest of ${handler}`;
  try {
    await Promise.all(FILES.map((name) => access(join(directory, name))));
    return ok(check, `kernel and root are in ${directory}`);
  } catch {
    const advice = `handler '${handler}' can't run pods without it: npm run guest -- --output ${directory}`;
    return error(check, `${directory} does not hold ${FILES.join(' and ')}`, advice);
  }
}
