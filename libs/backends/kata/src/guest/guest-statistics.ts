import type { GuestFigures, GuestStatistics } from '@crihub/contract';
import { type ContainerId, isFullId, RuntimeError, type SandboxId } from '@crihub/kernel';
import type { SshConnection } from '@crihub/transport/ssh';

/** What is read of each group; the names are those of cgroup v2. */
const FILES = [
  ...['cgroup.procs', 'cpu.stat', 'pids.current', 'pids.max'],
  ...['memory.current', 'memory.peak', 'memory.max', 'memory.low', 'memory.stat', 'memory.events'],
  ...['memory.swap.current', 'memory.swap.max', 'cpu.pressure', 'memory.pressure', 'io.pressure', 'io.stat'],
];
const GROUPS = '/sys/fs/cgroup/crihub';
const TIMEOUT_MS = 5_000;
/** A container with more processes or descriptors is not counted: this loop has the guest's processor to itself. */
const MAX_COUNTED = 2_000;
const LINE = new RegExp(
  `^([0-9a-f]{64})/(${['descriptors', ...FILES].map((name) => name.replaceAll('.', String.raw`\.`)).join('|')}):(.*)$`,
);

/**
 * Each line of each file, after the names of its group and of the file; then a line of the same form with the
 * numbers of descriptors and of sockets among them. The shell counts by itself: a process costs milliseconds.
 */
const SCRIPT = `cd ${GROUPS} 2>/dev/null || exit 0
grep -sH '' ${FILES.map((name) => `*/${name}`).join(' ')}
for group in */; do
  files=0 sockets=0 left=${String(MAX_COUNTED)}
  while read -r pid; do
    left=$((left - 1))
    for file in /proc/$pid/fd/*; do
      [ $left -gt 0 ] || break 2
      [ -L "$file" ] || continue
      left=$((left - 1)) files=$((files + 1))
      [ -S "$file" ] && sockets=$((sockets + 1))
    done
  done < $group/cgroup.procs
  [ $left -gt 0 ] && echo "\${group}descriptors:$files $sockets"
done 2>/dev/null
true`;

export interface GuestFigureReaderDependencies {
  readonly connect: (id: SandboxId, signal: AbortSignal) => Promise<SshConnection>;
}

/** What the guests' kernels tell of their containers, in one round trip for each pod. */
export class GuestFigureReader implements GuestStatistics {
  readonly #connect: GuestFigureReaderDependencies['connect'];

  constructor({ connect }: GuestFigureReaderDependencies) {
    this.#connect = connect;
  }

  async figures(id: SandboxId, signal: AbortSignal): Promise<ReadonlyMap<ContainerId, GuestFigures>> {
    const ssh = await this.#connect(id, signal);
    const { exitCode, stdout } = await ssh.run(SCRIPT, { signal, timeoutMs: TIMEOUT_MS });
    if (exitCode === 0) return parseFigures(stdout.toString());
    throw new RuntimeError('Unavailable', `the guest of pod ${id} does not tell what its containers use`, {
      id,
    });
  }
}

/** By container. Lines that are none of these are passed over. */
export function parseFigures(text: string): ReadonlyMap<ContainerId, GuestFigures> {
  const groups = new Map<ContainerId, Map<string, string>>();
  for (const line of text.split('\n')) {
    const [, id = '', name = '', content = ''] = LINE.exec(line) ?? [];
    if (!isFullId(id)) continue;
    const files = groups.get(id as ContainerId) ?? new Map<string, string>();
    groups.set(id as ContainerId, files);
    files.set(name, `${files.get(name) ?? ''}${content}\n`);
  }
  return new Map([...groups].map(([id, lines]) => [id, figuresOf(lines)]));
}

function figuresOf(lines: ReadonlyMap<string, string>): GuestFigures {
  const { descriptors = '', ...files } = Object.fromEntries(lines);
  const cgroupFiles = new Map(Object.entries(files));
  const [, open, sockets] = /^(\d{1,9}) (\d{1,9})\n$/.exec(descriptors) ?? [];
  if (open === undefined) return { cgroupFiles };
  return { cgroupFiles, descriptors: { files: Number(open), sockets: Number(sockets) } };
}
