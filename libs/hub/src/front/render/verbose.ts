import type { ContainerRecord } from '../../records/container-record.ts';
import type { SandboxRecord } from '../../records/sandbox-record.ts';

// Values of the info map are JSON by convention; crictl prints them so.
const json = (value: unknown): string =>
  JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? item.toString() : item));

/** The experiment that a pod came to, and its arm if it takes part. */
function placementAnnotations({ handler, placement }: SandboxRecord): Readonly<Record<string, string>> {
  if (placement === undefined || placement.by === 'request') return {};
  const experiment = { 'crihub.io/experiment': placement.experiment };
  return placement.by === 'draw' ? { ...experiment, 'crihub.io/arm': handler } : experiment;
}

/** What an operator wants to know of a pod and the CRI has no field for. */
export const sandboxInfo = (record: SandboxRecord): Record<string, string> => ({
  info: json({
    handler: record.handler,
    placement: record.placement,
    annotations: placementAnnotations(record),
    phase: record.phase,
    message: record.message,
    pid: record.pid,
    cgroup: record.cgroup,
    network: record.network,
    directory: record.sandbox.directory,
    sandbox: record.sandbox,
  }),
});

/** The same for a container. */
export const containerInfo = (record: ContainerRecord): Record<string, string> => ({
  info: json({
    sandboxID: record.sandboxId,
    phase: record.phase,
    pid: record.pid,
    cgroup: record.cgroup,
    rootfs: record.container.rootfs,
    // Environments hold secrets: they are not shown.
    container: { ...record.container, process: { ...record.container.process, env: undefined } },
  }),
});
