import { join } from 'node:path';
import type { OciNamespace, OciSpec } from '@crihub/service-oci';
import type { Sandbox } from '@crihub/contract';
import type { SandboxPaths } from '../namespaces/sandbox-paths.ts';

/** Where the init process is in its root filesystem. */
export const PAUSE_PROGRAM = '/catatonit';

/** What is mounted there beside the program; the mount points must exist. */
export const PAUSE_MOUNTS: OciSpec['mounts'] = [
  { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
  // crun puts the usual device nodes there, asked or not.
  { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'size=64k', 'mode=755'] },
];

const NONE = { bounding: [], effective: [], inheritable: [], permitted: [], ambient: [] } as const;

export interface PauseSpecInput {
  readonly sandbox: Sandbox;
  /** The directory with `rootfs` in it. */
  readonly bundle: string;
  readonly paths: SandboxPaths;
  readonly cgroupsPath: string;
  /** Absolute path of a static catatonit. */
  readonly program: string;
  readonly oomScoreAdj: number;
  readonly annotations?: OciSpec['annotations'];
}

/**
 * A container of nothing but an init process, which makes the PID namespace that the pod's containers
 * share, and reaps what they leave behind. It can do nothing else.
 */
export function pauseSpec({
  sandbox,
  bundle,
  paths,
  cgroupsPath,
  program,
  oomScoreAdj,
  annotations = {},
}: PauseSpecInput): OciSpec {
  const { user } = sandbox.namespaces;
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      args: [PAUSE_PROGRAM, '-P'],
      env: [],
      cwd: '/',
      capabilities: NONE,
      noNewPrivileges: true,
      oomScoreAdj,
    },
    root: { path: join(bundle, 'rootfs'), readonly: true },
    mounts: [
      ...PAUSE_MOUNTS,
      {
        destination: PAUSE_PROGRAM,
        type: 'bind',
        source: program,
        options: ['bind', 'ro', 'nosuid', 'nodev'],
      },
    ],
    annotations,
    linux: {
      namespaces: pauseNamespaces(paths),
      ...(user === undefined ? {} : { uidMappings: mappings(user.uids), gidMappings: mappings(user.gids) }),
      devices: [],
      cgroupsPath,
      resources: { devices: [{ allow: false, access: 'rwm' }] },
      sysctl: {},
      maskedPaths: [],
      readonlyPaths: [],
    },
  };
}

function pauseNamespaces({ net, ipc, uts, user }: SandboxPaths): readonly OciNamespace[] {
  const joined: readonly OciNamespace[] = [
    ...(user === undefined ? [] : [{ type: 'user' as const, path: user }]),
    ...(net === undefined ? [] : [{ type: 'network' as const, path: net }]),
    ...(ipc === undefined ? [] : [{ type: 'ipc' as const, path: ipc }]),
    ...(uts === undefined ? [] : [{ type: 'uts' as const, path: uts }]),
  ];
  return [...joined, { type: 'mount' }, { type: 'pid' }];
}

const mappings = (
  ranges: NonNullable<Sandbox['namespaces']['user']>['uids'],
): NonNullable<OciSpec['linux']['uidMappings']> =>
  ranges.map(({ containerId, hostId, length }) => ({
    containerID: containerId,
    hostID: hostId,
    size: length,
  }));
