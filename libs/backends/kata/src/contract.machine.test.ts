import { mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runBackendContract } from '@crihub/contract-testkit';
import { afterAll, beforeAll, expect, vi } from 'vitest';
import { KataRig } from './testing/kata-rig.ts';

/** Some promises have many machines made, under emulation where KVM does not work. */
const TIMEOUT_MS = 240_000;

/** One promise has a program ask for 256 MiB: the machine's kernel must not refuse it before the limit does. */
const OPTIONS = { memory: 512 * 1024 * 1024, template: true };

let templates: string;

/** A rig with the templates of all. */
async function startRig(): Promise<KataRig> {
  const directory = await mkdtemp(join(tmpdir(), 'crihub-kata-'));
  await mkdir(join(directory, 'state'));
  await symlink(templates, join(directory, 'state/templates'));
  return await KataRig.start(OPTIONS, directory);
}

/** All but the first machine go on from one template: what boots is not what the promises are about. */
beforeAll(async () => {
  templates = await mkdtemp(join(tmpdir(), 'crihub-templates-'));
  await using rig = await startRig();
  const sandbox = await rig.makeSandbox();
  const soon = (): AbortSignal => AbortSignal.timeout(120_000);
  await rig.backend.sandboxes.prepare(sandbox, soon());
  await rig.backend.sandboxes.start(sandbox, undefined, soon());
  await rig.backend.sandboxes.remove(sandbox.id, soon());
  const check = async (): Promise<void> =>
    expect(await readdir(templates)).toEqual([expect.stringMatching(/^[0-9a-f]+$/)]);
  await vi.waitFor(check, { timeout: 120_000, interval: 100 });
}, 300_000);
afterAll(async () => rm(templates, { recursive: true, force: true }));

runBackendContract('kata', startRig, {
  timeoutMs: TIMEOUT_MS,
  gaps: {
    'names a network namespace for a pod network, and none for the node network':
      'a virtual machine has no part in the network of its node',
  },
});
