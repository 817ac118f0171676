import { expect, it } from 'vitest';
import { capabilitiesOf } from './capabilities.ts';

const host = { userNamespaces: true, idmappedMounts: true, recursiveReadonlyMounts: true };
const runtime = { idmappedMounts: true, recursiveReadonlyMounts: true };

it.each([
  ['all where both can all', host, runtime, true, true, true],
  [
    'no user namespaces without those of the host',
    { ...host, userNamespaces: false },
    runtime,
    false,
    true,
    true,
  ],
  ['no id-mapped mounts without the host', { ...host, idmappedMounts: false }, runtime, false, false, true],
  [
    'no id-mapped mounts without the runtime',
    host,
    { ...runtime, idmappedMounts: false },
    false,
    false,
    true,
  ],
  [
    'no recursive read-only without the host',
    { ...host, recursiveReadonlyMounts: false },
    runtime,
    true,
    true,
    false,
  ],
  [
    'no recursive read-only without the runtime',
    host,
    { ...runtime, recursiveReadonlyMounts: false },
    true,
    true,
    false,
  ],
])('pods have %s', (_what, machine, program, userNamespaces, idmappedMounts, recursiveReadonlyMounts) => {
  expect(capabilitiesOf(machine, program)).toMatchObject({
    userNamespaces,
    idmappedMounts,
    recursiveReadonlyMounts,
  });
});
