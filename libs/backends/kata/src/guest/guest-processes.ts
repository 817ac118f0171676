import { parseProcessStat } from '@crihub/linux';
import type { ProcessRef, ProcessTable } from '@crihub/service-oci-containers';
import type { GuestShell } from './guest-shell.ts';
import { quoted } from './shell-words.ts';

/** USER_HZ of the guest's kernel, which is the same on all that we build. */
const TICKS_PER_SECOND = 100;

/** The processes of a guest. */
export class GuestProcesses implements ProcessTable {
  readonly #shell: Pick<GuestShell, 'run'>;

  constructor({ shell }: { readonly shell: Pick<GuestShell, 'run'> }) {
    this.#shell = shell;
  }

  async identify(pid: number): Promise<ProcessRef | undefined> {
    const { status, output } = await this.#shell.run(`cat /proc/${String(pid)}/stat`);
    if (status !== 0) return undefined;
    const { state, startTime } = parseProcessStat(output);
    return state === 'Z' || state === 'X' || !Number.isSafeInteger(startTime)
      ? undefined
      : { pid, startTime };
  }

  async signal({ pid, startTime }: ProcessRef, signal: number): Promise<void> {
    // Field 22 counts from the command's closing parenthesis, since the command may hold spaces.
    const script =
      `s=$(cat /proc/${String(pid)}/stat) && s=\${s##*) } && set -- $s && ` +
      `[ "\${20}" = ${String(startTime)} ] && kill -${String(signal)} ${String(pid)}`;
    await this.#shell.run(script); // one that has ended is no error
  }

  async find(word: string): Promise<readonly ProcessRef[]> {
    const script =
      `for p in /proc/[0-9]*; do case "$(tr '\\0' ' ' <$p/cmdline)" in *${quoted(word)}*) ` +
      `echo \${p#/proc/};; esac; done 2>/dev/null`;
    const { output } = await this.#shell.run(script);
    const pids = output.split('\n').filter((line) => /^\d+$/.test(line));
    const found = await Promise.all(pids.map((pid) => this.identify(Number(pid))));
    return found.filter((process) => process !== undefined);
  }

  async now(): Promise<number> {
    const { output } = await this.#shell.run('cat /proc/uptime');
    const seconds = Number(output.split(' ')[0]);
    return Number.isFinite(seconds) ? Math.trunc(seconds * TICKS_PER_SECOND) : 0;
  }
}
