import { readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LinuxRig, startRig } from '../testing/rig.ts';
import { probeHost } from './host-facts.ts';

let rig: LinuxRig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

it('learns this host and leaves it as it was', async () => {
  const before = await readFile('/proc/self/oom_score_adj', 'utf8');
  const facts = await probeHost(rig.directory, rig);
  expect(facts.cpus).toBeGreaterThan(0);
  expect([4096, 16_384, 65_536]).toContain(facts.pageSizeBytes);
  expect(facts.bootId).toMatch(/^[0-9a-f-]{36}$/);
  expect(facts.capabilities.effective).toContain('CAP_SYS_ADMIN');
  expect(facts.lowestOomScoreAdj === -1000).toBe(facts.capabilities.effective.has('CAP_SYS_RESOURCE'));
  expect(facts.security.seccomp).toBe(true);
  for (const trial of Object.values(facts.trials)) expect(trial).toEqual({ usable: true });
  expect(await readdir(rig.directory)).toEqual([]);
  expect(await readFile('/proc/self/oom_score_adj', 'utf8')).toBe(before);
});
