import { rename } from 'node:fs/promises';
import { RuntimeError } from '@crihub/kernel';
import type { LocalExecutor } from '@crihub/service-oci-containers';
import { run } from '@crihub/transport/process';
import { TAP } from '../machine/qemu-arguments.ts';
import type { SpareMachine } from './pool.ts';
import type { SparePlaces } from './spare-places.ts';

export interface HandOverTarget {
  /** The pod's directory, which is not there yet. */
  readonly directory: string;
  /** Path of the pod's network namespace. */
  readonly networkNamespace: string;
  readonly cgroup: string;
}

export interface HandOverDependencies {
  readonly places: SparePlaces;
  readonly executor: LocalExecutor;
}

const TIMEOUT_MS = 10_000;

/** The words: the process, the pod's network namespace, the files by which a process joins the pod's cgroups. */
const SCRIPT = `set -e
pid=$1 pod=$2; shift 2
for file; do echo "$pid" > "$file"; done
ip link set dev ${TAP} netns "$pod"
exec nsenter --net="$pod" sh -c 'ip link set dev ${TAP} up && tc qdisc add dev ${TAP} handle ffff: ingress'`;

/**
 * Moves a spare machine to its pod: process, tap device, files. The files go last, so that whatever was begun is
 * found either with the spare machines or with the pod. What a control group has counted of its memory till now
 * stays with the group above both: kernels no longer move that.
 */
export async function handOver(
  { place, machine }: SpareMachine,
  { directory, networkNamespace, cgroup }: HandOverTarget,
  { places, executor }: HandOverDependencies,
  signal: AbortSignal,
): Promise<void> {
  const pid = String(machine.process.pid);
  await executor.cgroups.createCounting(cgroup);
  const words = [pid, networkNamespace, ...executor.cgroups.joinFiles(cgroup)];
  const args = [`--net=/proc/${pid}/ns/net`, 'sh', '-c', SCRIPT, 'sh', ...words];
  const { exitCode, stderr } = await run('nsenter', { args, signal, timeoutMs: TIMEOUT_MS });
  if (exitCode !== 0) {
    throw new RuntimeError('Internal', `a spare machine can't be moved: ${stderr.toString().trim()}`);
  }
  await places.leave(place);
  await rename(place.directory, directory);
}
