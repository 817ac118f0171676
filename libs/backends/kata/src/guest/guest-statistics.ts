import type { GuestStatistics } from '@crihub/contract';
import { type ContainerId, isFullId, RuntimeError, type SandboxId } from '@crihub/kernel';
import type { SshConnection } from '@crihub/transport/ssh';

/** What is read of each group; the names are those of cgroup v2. */
const FILES = [
  ...['cgroup.procs', 'cpu.stat', 'pids.current', 'pids.max'],
  ...['memory.current', 'memory.max', 'memory.low', 'memory.stat', 'memory.events'],
  ...['memory.swap.current', 'memory.swap.max', 'cpu.pressure', 'memory.pressure', 'io.pressure', 'io.stat'],
];
const GROUPS = '/sys/fs/cgroup/crihub';
const TIMEOUT_MS = 5_000;
const LINE = new RegExp(
  `^([0-9a-f]{64})/(${FILES.map((name) => name.replaceAll('.', String.raw`\.`)).join('|')}):(.*)$`,
);

/** Each line of each file, after the names of its group and of the file. */
const SCRIPT = `cd ${GROUPS} 2>/dev/null || exit 0; grep -sH '' ${FILES.map((name) => `*/${name}`).join(' ')}; true`;

export interface GuestCgroupFilesDependencies {
  readonly connect: (id: SandboxId, signal: AbortSignal) => Promise<SshConnection>;
}

/** What the guests' kernels count of their containers, in one round trip for each pod. */
export class GuestCgroupFiles implements GuestStatistics {
  readonly #connect: GuestCgroupFilesDependencies['connect'];

  constructor({ connect }: GuestCgroupFilesDependencies) {
    this.#connect = connect;
  }

  async cgroupFiles(
    id: SandboxId,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<ContainerId, ReadonlyMap<string, string>>> {
    const ssh = await this.#connect(id, signal);
    const { exitCode, stdout } = await ssh.run(SCRIPT, { signal, timeoutMs: TIMEOUT_MS });
    if (exitCode === 0) return parseCgroupFiles(stdout.toString());
    throw new RuntimeError('Unavailable', `the guest of pod ${id} does not tell what its containers use`, {
      id,
    });
  }
}

/** By container, then by the file's name. Lines that are none of these files' are passed over. */
export function parseCgroupFiles(text: string): ReadonlyMap<ContainerId, ReadonlyMap<string, string>> {
  const groups = new Map<ContainerId, Map<string, string>>();
  for (const line of text.split('\n')) {
    const [, id = '', name = '', content = ''] = LINE.exec(line) ?? [];
    if (!isFullId(id)) continue;
    const files = groups.get(id as ContainerId) ?? new Map<string, string>();
    groups.set(id as ContainerId, files);
    files.set(name, `${files.get(name) ?? ''}${content}\n`);
  }
  return groups;
}
