import { sampleSandbox } from '@crihub/contract-testkit';
import { describe, expect, it } from 'vitest';
import { PAUSE_PROGRAM, pauseSpec, type PauseSpecInput } from './pause-spec.ts';

const sandbox = sampleSandbox({ directory: '/pod' });
const input: PauseSpecInput = {
  sandbox,
  bundle: '/bundle',
  paths: { net: '/net', ipc: '/ipc', uts: '/uts' },
  cgroupsPath: '/pods/pause',
  program: '/usr/bin/catatonit',
  oomScoreAdj: -998,
};

describe('the specification of the pause container', () => {
  it('joins the namespaces that the pod has, and makes the one that containers share', () => {
    expect(pauseSpec(input).linux.namespaces).toEqual([
      { type: 'network', path: '/net' },
      { type: 'ipc', path: '/ipc' },
      { type: 'uts', path: '/uts' },
      { type: 'mount' },
      { type: 'pid' },
    ]);
  });

  it('runs the program from the host, without a capability or a device', () => {
    const { process, root, mounts, linux } = pauseSpec(input);
    expect(process.args).toEqual([PAUSE_PROGRAM, '-P']);
    expect(Object.values(process.capabilities ?? {}).flat()).toEqual([]);
    expect(root).toEqual({ path: '/bundle/rootfs', readonly: true });
    expect(mounts.at(-1)).toMatchObject({ destination: PAUSE_PROGRAM, source: '/usr/bin/catatonit' });
    expect(linux.resources?.devices).toEqual([{ allow: false, access: 'rwm' }]);
  });

  it('maps ids as the pod does', () => {
    const range = { containerId: 0, hostId: 100_000, length: 65_536 };
    const user = { uids: [range], gids: [{ ...range, hostId: 200_000 }] };
    const mapped = { ...sandbox, namespaces: { ...sandbox.namespaces, user } };
    const { linux } = pauseSpec({ ...input, sandbox: mapped, paths: { user: '/user' } });
    expect(linux.namespaces[0]).toEqual({ type: 'user', path: '/user' });
    expect(linux.uidMappings).toEqual([{ containerID: 0, hostID: 100_000, size: 65_536 }]);
    expect(linux.gidMappings).toEqual([{ containerID: 0, hostID: 200_000, size: 65_536 }]);
  });

  it('has the annotations that the backend gives, and else none', () => {
    expect(pauseSpec(input).annotations).toEqual({});
    expect(pauseSpec({ ...input, annotations: { a: 'b' } }).annotations).toEqual({ a: 'b' });
  });
});
