import { expect, it } from 'vitest';
import { unfitSettings } from './unfit-settings.ts';

const settings = { CgroupDriver: 'cgroupfs', Runtimes: { runc: {}, crun: {} } };

it.each([
  { why: 'all is well', wanted: { cgroupDriver: 'cgroupfs' }, reason: undefined },
  { why: 'it has the runtime', wanted: { cgroupDriver: 'cgroupfs', runtime: 'crun' }, reason: undefined },
  {
    why: 'the runtime is a shim of containerd',
    wanted: { cgroupDriver: 'cgroupfs', runtime: 'io.containerd.kata.v2' },
    reason: undefined,
  },
  {
    why: 'it has no such runtime',
    wanted: { cgroupDriver: 'cgroupfs', runtime: 'runsc' },
    reason: 'RuntimeUnknown',
  },
  {
    why: 'another driver makes its cgroups',
    wanted: { cgroupDriver: 'systemd' },
    reason: 'CgroupDriverMismatch',
  },
] as const)('an engine is judged by its settings: $why', ({ wanted, reason }) => {
  expect(unfitSettings(settings, wanted)?.reason).toBe(reason);
});
