import { once } from 'node:events';
import { statfs } from 'node:fs/promises';
import { Socket } from 'node:net';
import { errnoCode } from '@crihub/kernel';
import { unconnected } from '../sockets/unconnected.ts';
import type { NamespaceWorker } from '../worker/namespace-worker.ts';
import type { InterfaceStatistics } from './interface-statistics.ts';
import type { InterfaceAddress } from './network-operations.ts';
import type { NamespaceSet } from './operations.ts';
import type { Sysctls } from './sysctls.ts';
import { type IdMappings, type SpawnHelper, withUserNamespaceHelper } from './user-namespace.ts';

export interface PinnedNamespacesDependencies {
  readonly worker: NamespaceWorker;
  /** Starts a program; `spawnProcess` of the process transport has this shape. */
  readonly spawn: SpawnHelper;
}

export interface NewNamespaces extends NamespaceSet {
  /** With it, the other namespaces belong to this new user namespace. */
  readonly user?: (IdMappings & { readonly path: string }) | undefined;
}

/** `NSFS_MAGIC` of `linux/magic.h`: what a pinned namespace's file system says it is. */
const NSFS_MAGIC = 0x6e736673;

/** Namespaces that live without a process, as bind mounts on files. */
export class PinnedNamespaces {
  readonly #worker: NamespaceWorker;
  readonly #spawn: SpawnHelper;

  constructor({ worker, spawn }: PinnedNamespacesDependencies) {
    this.#worker = worker;
    this.#spawn = spawn;
  }

  /**
   * Makes a directory, and a mount of its own that is shared with other mount namespaces if nothing above
   * it is, as `ip netns` does: what is pinned in it is then seen, and let go, by all. For start-up; it may
   * be repeated. The mount stays.
   */
  async prepareDirectory(path: string, signal?: AbortSignal): Promise<void> {
    await this.#worker.call('shareDirectory', path, signal);
  }

  /**
   * Makes and configures namespaces and pins them at the given paths, whose directories must exist.
   * On rejection nothing stays; on abort what is being made may still come, until `remove` was called.
   * @throws AlreadyExists if a path exists, InvalidArgument for a sysctl that the namespaces don't have.
   */
  async create({ user, ...set }: NewNamespaces, signal?: AbortSignal): Promise<void> {
    if (user === undefined) {
      await this.#worker.call('createNamespaces', set, signal);
      return;
    }
    const paths = { user: user.path, net: set.net, ipc: set.ipc, uts: set.uts?.path };
    const pins = (['user', 'net', 'ipc', 'uts'] as const).flatMap((type) => {
      const path = paths[type];
      return path === undefined ? [] : [{ type, path }];
    });
    const types = pins.map(({ type }) => type);
    // Pinning goes without the signal: the helper, and with it its id, must stay until it is done.
    await withUserNamespaceHelper({ types, mappings: user, spawn: this.#spawn }, signal, (pid) =>
      this.#worker.call('pinNamespacesOf', { pid, pins }),
    );
    try {
      await this.#worker.call('configureNamespaces', set, signal);
    } catch (error) {
      for (const { path } of pins) await this.remove(path);
      throw error;
    }
  }

  /** Lets go of a pinned namespace and removes its file; does nothing if there is none. */
  async remove(path: string, signal?: AbortSignal): Promise<void> {
    await this.#worker.call('unpinNamespace', path, signal);
  }

  /** True if a namespace is pinned at the path, rather than nothing or a file that was left over. */
  async isPinned(path: string): Promise<boolean> {
    try {
      return (await statfs(path)).type === NSFS_MAGIC;
    } catch (error) {
      if (errnoCode(error) === 'ENOENT') return false;
      throw error;
    }
  }

  /** Sets `net.*` sysctls in a network namespace. */
  async setSysctls(netPath: string, sysctls: Sysctls, signal?: AbortSignal): Promise<void> {
    await this.#worker.call('setNetworkSysctls', { path: netPath, sysctls }, signal);
  }

  async bringInterfaceUp(netPath: string, name: string, signal?: AbortSignal): Promise<void> {
    await this.#worker.call('bringInterfaceUp', { path: netPath, name }, signal);
  }

  /** The addresses of all interfaces that are up, loopback included. */
  async listAddresses(netPath: string, signal?: AbortSignal): Promise<readonly InterfaceAddress[]> {
    return await this.#worker.call('listAddresses', { path: netPath }, signal);
  }

  async readInterfaceStatistics(
    netPath: string,
    signal?: AbortSignal,
  ): Promise<readonly InterfaceStatistics[]> {
    return await this.#worker.call('readInterfaceStatistics', { path: netPath }, signal);
  }

  /**
   * A TCP connection from within a network namespace. Its two directions end independently.
   * @throws the connection's error (`ECONNREFUSED`), or the signal's reason.
   */
  async connectTcp(
    netPath: string,
    { host, port }: { readonly host: string; readonly port: number },
    signal?: AbortSignal,
  ): Promise<Socket> {
    const family = host.includes(':') ? 'ipv6' : 'ipv4';
    // Without the signal, since a descriptor that nobody takes would stay open; this is quick.
    const fd = await this.#worker.call('openSocket', { path: netPath, family });
    const socket = new Socket(unconnected(fd));
    try {
      signal?.throwIfAborted();
      const connected = once(socket, 'connect', signal === undefined ? {} : { signal });
      socket.connect({ host, port });
      await connected;
      return socket;
    } catch (error) {
      socket.destroy();
      signal?.throwIfAborted();
      throw error;
    }
  }
}
