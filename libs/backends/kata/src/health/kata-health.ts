import type { BackendHealth, Capabilities } from '@crihub/contract';
import { describeError, errnoCode, reasonOf, RuntimeError } from '@crihub/kernel';
import { lsetxattrSync } from '@crihub/linux/sync';
import { run } from '@crihub/transport/process';
import { findGuest } from '../machine/platform.ts';

export interface KataHealthDependencies {
  readonly qemuPath: string;
  readonly guestDirectory: string;
  /** Where what pods share with their guests is. */
  readonly podsDirectory: string;
}

const PROBE_TIMEOUT_MS = 10_000;

/** What a kernel of its own keeps from a pod, and what it can have in it. */
const CAPABILITIES: Capabilities = {
  userNamespaces: false,
  userNamespacesWithHostNetwork: false,
  recursiveReadonlyMounts: true,
  idmappedMounts: false,
  mountOptions: true,
  bidirectionalMounts: false,
  hostNetwork: false,
  hostPid: false,
  hostIpc: false,
  sharedPid: true,
  privileged: true,
  devices: false,
  updateSandboxResources: true,
};

/** Whether QEMU and a guest are there, and pods can share files with it. */
export class KataHealth {
  readonly #dependencies: KataHealthDependencies;

  constructor(dependencies: KataHealthDependencies) {
    this.#dependencies = dependencies;
  }

  async check(signal: AbortSignal): Promise<BackendHealth> {
    signal.throwIfAborted();
    try {
      const { guestDirectory, podsDirectory } = this.#dependencies;
      checkAttributes(podsDirectory);
      const [version] = await Promise.all([this.#qemuVersion(signal), findGuest(guestDirectory)]);
      return { healthy: true, version, capabilities: CAPABILITIES };
    } catch (error) {
      signal.throwIfAborted();
      const reason = reasonOf(error) ?? 'QemuUnusable';
      return { healthy: false, reason, message: describeError(error), capabilities: CAPABILITIES };
    }
  }

  async #qemuVersion(signal: AbortSignal): Promise<string> {
    const { qemuPath } = this.#dependencies;
    const { stdout } = await run(qemuPath, { args: ['--version'], timeoutMs: PROBE_TIMEOUT_MS, signal });
    const version = /version (\S+)/.exec(stdout.toString())?.[1];
    if (version !== undefined) return `QEMU ${version}`;
    throw new RuntimeError('FailedPrecondition', `${qemuPath} does not tell its version: is it QEMU?`);
  }
}

/** In attributes of files on the host QEMU keeps the owners and modes that a guest asks for. */
function checkAttributes(directory: string): void {
  try {
    lsetxattrSync(directory, 'user.crihub.probe', Buffer.from('y'));
  } catch (cause) {
    if (errnoCode(cause) === 'ENOENT') return; // made by the start of the backend, which is yet to come
    const message = `${directory} takes no user attributes, as tmpfs before Linux 6.6: let runDirectory be on a disk`;
    throw new RuntimeError('FailedPrecondition', message, { reason: 'NoFileAttributes', cause });
  }
}
