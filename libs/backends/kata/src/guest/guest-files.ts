import { RuntimeError } from '@crihub/kernel';
import type { Files, FileStatus } from '@crihub/service-oci-containers';
import type { GuestShell } from './guest-shell.ts';
import { quoted } from './shell-words.ts';
import type { ShellReply } from './shell-session.ts';

/** What programs print of a file, or a process, that is not there. */
const ABSENT = /(No such file or directory|Not a directory|No such process)\s*$/;

/** The files of a guest. */
export class GuestFiles implements Files {
  readonly #shell: Pick<GuestShell, 'run'>;
  #written = 0;

  constructor({ shell }: { readonly shell: Pick<GuestShell, 'run'> }) {
    this.#shell = shell;
  }

  async read(path: string): Promise<string | undefined> {
    const reply = await this.#shell.run(`cat ${quoted(path)}`);
    if (reply.status === 0) return reply.output;
    if (ABSENT.test(reply.output)) return undefined;
    throw failure(`read ${path}`, reply);
  }

  async write(path: string, content: string): Promise<void> {
    this.#written += 1;
    const temporary = quoted(`${path}.${String(this.#written)}.new`);
    const script = `printf %s ${quoted(content)} >${temporary} && mv -f ${temporary} ${quoted(path)}`;
    await this.#do(`write ${path}`, `(umask 077; ${script})`);
  }

  async sendToFifo(path: string, message: string): Promise<void> {
    const fifo = quoted(path);
    // Opening a FIFO that nobody reads would wait for a reader.
    const send = `timeout 2 sh -c 'printf %s "$1" >"$2"' sh ${quoted(message)} ${fifo}`;
    const { status } = await this.#shell.run(`[ -p ${fifo} ] && ${send}`);
    if (status === 0) return;
    throw Object.assign(new Error(`nobody reads ${path} in the guest`), { code: 'ENXIO' });
  }

  async makeDirectory(path: string, mode = 0o711): Promise<void> {
    const umask = (0o777 & ~mode).toString(8).padStart(3, '0');
    await this.#do(`make ${path}`, `(umask ${umask}; mkdir -p ${quoted(path)})`);
  }

  async list(path: string): Promise<readonly string[]> {
    const reply = await this.#shell.run(`ls -A1 ${quoted(path)}`);
    if (reply.status === 0) return reply.output.split('\n').filter(Boolean);
    if (ABSENT.test(reply.output)) return [];
    throw failure(`list ${path}`, reply);
  }

  async status(path: string): Promise<FileStatus | undefined> {
    const reply = await this.#shell.run(`stat -L -c '%i %Y' ${quoted(path)}`);
    const [inode = '', seconds = ''] = reply.output.trim().split(' ');
    if (reply.status === 0) return { inode: BigInt(inode), modifiedAt: BigInt(seconds) * 1_000_000_000n };
    if (ABSENT.test(reply.output)) return undefined;
    throw failure(`look at ${path}`, reply);
  }

  async remove(path: string): Promise<void> {
    await this.#do(`remove ${path}`, `rm -rf ${quoted(path)}`);
  }

  async watch(directory: string): Promise<void> {
    throw new RuntimeError('Unimplemented', `nothing in a guest can be watched, so ${directory} can't be`);
  }

  async #do(operation: string, script: string): Promise<void> {
    const reply = await this.#shell.run(script);
    if (reply.status !== 0) throw failure(operation, reply);
  }
}

const failure = (operation: string, { status, output }: ShellReply): RuntimeError =>
  new RuntimeError(
    'Internal',
    `the guest could not ${operation} (${String(status)}): ${output.trim().slice(0, 500)}`,
  );
