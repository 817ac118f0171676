import type { Resources } from '@crihub/contract';
import { RuntimeError, sleep, withDeadline } from '@crihub/kernel';
import { type ResourceWrite, resourceWritesV2 } from '@crihub/linux';
import { type Cgroups, cgroupLimits } from '@crihub/service-oci-containers';
import type { GuestShell } from './guest-shell.ts';
import { quoted } from './shell-words.ts';

const ROOT = '/sys/fs/cgroup';
const TIMEOUT_MS = 10_000;
const POLL_MS = 20;

/** The control groups of a guest, which are of version 2. */
export class GuestCgroups implements Cgroups {
  readonly version = 2;
  readonly #shell: Pick<GuestShell, 'run'>;

  constructor({ shell }: { readonly shell: Pick<GuestShell, 'run'> }) {
    this.#shell = shell;
  }

  async createCounting(path: string): Promise<void> {
    await this.#shell.run(`mkdir -p ${directory(path)}`);
  }

  joinFiles(path: string): readonly string[] {
    return [`${ROOT}${path}/cgroup.procs`];
  }

  async processes(path: string): Promise<readonly number[]> {
    const { output } = await this.#shell.run(
      `find ${directory(path)} -name cgroup.procs -exec cat {} + 2>/dev/null`,
    );
    return output
      .split('\n')
      .filter((line) => /^\d+$/.test(line))
      .map(Number);
  }

  async kill(path: string, signal?: AbortSignal): Promise<void> {
    const group = directory(path);
    // Answers 0 when nothing is left in it, or there is no such group.
    const script = `[ ! -d ${group} ] || { echo 1 >${group}/cgroup.kill; grep -q '^populated 0' ${group}/cgroup.events; }`;
    await this.#until(`killing what runs in ${path}`, script, signal);
  }

  async limit(path: string, resources: Resources): Promise<void> {
    const again: ResourceWrite[] = [];
    for (const write of resourceWritesV2(cgroupLimits(resources)))
      if (!(await this.#write(path, write))) again.push(write);
    // Limits that belong together are checked against each other's old values.
    for (const write of again) if (!(await this.#write(path, write))) throw refused(write);
  }

  async remove(path: string, signal?: AbortSignal): Promise<void> {
    const group = directory(path);
    const script = `[ ! -d ${group} ] || { find ${group} -depth -type d -exec rmdir {} \\; ; [ ! -d ${group} ]; }`;
    await this.#until(`removing the cgroup ${path}`, script, signal);
  }

  async #write(path: string, { file, value, optional = false }: ResourceWrite): Promise<boolean> {
    const target = quoted(`${ROOT}${path}/${file}`);
    const skip = optional ? `[ ! -e ${target} ] || ` : '';
    return (await this.#shell.run(`${skip}echo ${quoted(value)} >${target}`)).status === 0;
  }

  async #until(what: string, script: string, signal: AbortSignal | undefined): Promise<void> {
    await withDeadline(what, TIMEOUT_MS, signal, async (deadline) => {
      while ((await this.#shell.run(script)).status !== 0) await sleep(POLL_MS, deadline);
    });
  }
}

const directory = (path: string): string => quoted(`${ROOT}${path}`);

const refused = ({ file, value }: ResourceWrite): RuntimeError =>
  new RuntimeError('InvalidArgument', `${file} can't be set to "${value}" in the guest`, {
    operation: 'set cgroup limits',
  });
