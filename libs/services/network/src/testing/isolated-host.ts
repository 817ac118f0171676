import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '@crihub/transport/process';

const REAL_PLUGINS = '/usr/lib/cni';

/**
 * A network namespace that plays the host: the real plugins run in it through wrappers of the same names,
 * so that bridges, addresses and packet filter rules stay off this machine and go with the namespace.
 */
export class IsolatedHost implements AsyncDisposable {
  readonly name: string;
  readonly binDirectory: string;
  readonly #namespaces: string[] = [];

  private constructor(name: string, binDirectory: string) {
    this.name = name;
    this.binDirectory = binDirectory;
  }

  static async create(directory: string): Promise<IsolatedHost> {
    const host = new IsolatedHost(`crihub-${randomBytes(4).toString('hex')}`, join(directory, 'bin'));
    await host.#addNamespace(host.name);
    await ip('-n', host.name, 'link', 'set', 'lo', 'up');
    await mkdir(host.binDirectory, { recursive: true });
    for (const plugin of await readdir(REAL_PLUGINS)) {
      const wrapper = join(host.binDirectory, plugin);
      await writeFile(wrapper, `#!/bin/sh\nexec ip netns exec ${host.name} ${REAL_PLUGINS}/${plugin}\n`);
      await chmod(wrapper, 0o755);
    }
    return host;
  }

  /** Makes a pod's namespace and returns its name. */
  async addPod(): Promise<string> {
    const name = `${this.name}-${String(this.#namespaces.length)}`;
    await this.#addNamespace(name);
    return name;
  }

  async removePod(name: string): Promise<void> {
    await ip('netns', 'del', name);
    this.#namespaces.splice(this.#namespaces.indexOf(name), 1);
  }

  /** Runs a program in the host's namespace or a pod's, and returns what it printed. */
  async execute(namespace: string, program: string, ...args: readonly string[]): Promise<string> {
    return await ip('netns', 'exec', namespace, program, ...args);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of this.#namespaces.splice(0).toReversed()) await ip('netns', 'del', name);
  }

  async #addNamespace(name: string): Promise<void> {
    await ip('netns', 'add', name);
    this.#namespaces.push(name);
  }
}

export const netnsPath = (name: string): string => `/run/netns/${name}`;

async function ip(...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await run('ip', { args, timeoutMs: 20_000 });
  if (exitCode !== 0)
    throw new Error(`ip ${args.join(' ')} exited with ${String(exitCode)}: ${stderr.toString()}`);
  return stdout.toString();
}
