import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Container } from '@crihub/contract';
import { settleAll } from '@crihub/kernel';
import type { ContainerRequest } from '../front/parse/container.ts';
import type { SandboxRecord } from '../records/sandbox-record.ts';
import { resolveMounts } from './container-mounts.ts';
import type { Directories } from './directories.ts';
import { phaseSubject } from './phase-subject.ts';
import { type PhaseObserver, timed } from './phases.ts';
import { podFileMounts } from './pod-files.ts';
import type { NodeImage, RootFilesystems, ShiftedOwners, UserLookup } from './ports.ts';

export interface ContainerFilesDeps {
  readonly rootfs: RootFilesystems;
  readonly users: UserLookup;
  readonly directories: Directories;
  readonly phases: PhaseObserver;
  /** @throws NotFound for an image that is not on the node. */
  readonly imageOf: (reference: string) => NodeImage;
}

/**
 * Makes the root filesystem and what else of a container must exist on disk, and fills in what depends on it: root,
 * user and mounts. After a rejection the caller tears down what was made.
 */
export async function makeContainerFiles(
  { rootfs, users, directories, phases, imageOf }: ContainerFilesDeps,
  pod: SandboxRecord,
  container: Container,
  request: ContainerRequest,
  image: NodeImage,
  signal: AbortSignal,
): Promise<Container> {
  const directory = directories.container(container.id);
  await mkdir(directory, { recursive: true, mode: 0o711 });
  const owners = shiftedOwners(pod);
  const [root, mounts] = await settleAll([
    timed(phases, phaseSubject(pod, container.id), 'rootfs', () =>
      rootfs.mount(image.id, directory, owners, signal),
    ),
    resolveMounts(request.mounts, async (reference, subPath, index) => {
      const { id } = imageOf(reference);
      const volume = directories.imageVolume(container.id, index);
      return await rootfs.mountVolume(id, volume, subPath, owners, signal);
    }),
  ]);
  const [user] = await settleAll([
    users.resolve(root, request.user, image.user),
    container.logPath === ''
      ? undefined
      : mkdir(dirname(container.logPath), { recursive: true, mode: 0o755 }),
  ]);
  // A backend with images of its own needed ours only to look up the user.
  const isHubs = container.rootfs !== '';
  if (!isHubs) await rootfs.unmount(directory);
  return {
    ...container,
    rootfs: isHubs ? root : '',
    process: { ...container.process, user },
    mounts: [...mounts, ...podFileMounts(pod.sandbox, mounts, request.security.readonlyRootfs)],
  };
}

function shiftedOwners({ userNamespace, sandbox }: SandboxRecord): ShiftedOwners | undefined {
  if (userNamespace === undefined) return undefined;
  const { uids = [], gids = [] } = sandbox.namespaces.user ?? {};
  return { userNamespace, rootUid: uids[0]?.hostId ?? 0, rootGid: gids[0]?.hostId ?? 0 };
}
