import { hostname as hostName } from 'node:os';
import { join } from 'node:path';
import type { Container, ProcessUser } from '@crihub/contract';
import { newContainerId } from '@crihub/kernel';
import { mergeProcess } from '@crihub/service-oci';
import type { ContainerRequest } from '../front/parse/container.ts';
import type { ContainerRecord } from '../records/container-record.ts';
import type { SandboxRecord } from '../records/sandbox-record.ts';
import type { Handler } from '../router/handler.ts';
import type { Directories } from './directories.ts';
import type { NodeImage } from './ports.ts';

// Until the image's user database can be read. An intent is never run.
const NOT_RESOLVED: ProcessUser = { uid: 0, gid: 0, additionalGids: [] };
const DEFAULT_STOP_SIGNAL = 'SIGTERM';

export interface ContainerIntentSource {
  readonly handler: Handler;
  readonly pod: SandboxRecord;
  readonly request: ContainerRequest;
  readonly image: NodeImage;
  readonly fingerprint: string;
  readonly directories: Directories;
  /** Nanoseconds since 1970. */
  readonly createdAt: bigint;
}

/** The record of a container that is about to be made, with a new id: what is known before anything of it exists. */
export function containerIntent(source: ContainerIntentSource): ContainerRecord {
  const { handler, pod, request, image, fingerprint, directories, createdAt } = source;
  const id = newContainerId();
  const { metadata, labels, annotations, security, devices, cdiDevices } = request;
  // Without a score of its own it would inherit that of the daemon, which the kernel is to spare.
  const resources = { oomScoreAdj: 0, ...handler.defaults.resources, ...request.resources };
  const hasHubRoot = handler.backend.rootfs === 'hub';
  const container: Container = {
    id,
    sandboxId: pod.id,
    metadata,
    labels,
    annotations,
    imageId: image.id,
    imageRef: request.userSpecifiedImage || request.image,
    rootfs: hasHubRoot ? join(directories.container(id), 'rootfs') : '',
    process: {
      ...mergeProcess({
        image: { ...image, workingDir: image.workingDirectory },
        command: request.command,
        args: request.args,
        env: request.env,
        workingDir: request.workingDirectory,
        terminal: request.terminal,
        hostname: pod.sandbox.hostname || hostName(),
      }),
      user: NOT_RESOLVED,
      terminal: request.terminal,
      stdin: request.stdin,
      stdinOnce: request.stdinOnce,
    },
    pidNamespace: request.pidNamespace ?? { mode: pod.sandbox.namespaces.pid },
    security,
    mounts: [],
    devices,
    cdiDevices,
    resources,
    logPath: request.logPath === '' || pod.logDirectory === '' ? '' : join(pod.logDirectory, request.logPath),
    stopSignal: request.stopSignal ?? (image.stopSignal || DEFAULT_STOP_SIGNAL),
  };
  return {
    id,
    sandboxId: pod.id,
    phase: 'creating',
    container,
    mounts: request.mounts,
    imageRef: image.repoDigests[0] ?? image.id,
    fingerprint,
    resources,
    createdAt,
  };
}
