import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { SandboxId } from '@crihub/kernel';
import { errnoCode, RuntimeError } from '@crihub/kernel';
import type { SandboxRecord } from '../records/sandbox-record.ts';
import type { Handlers } from '../router/handlers.ts';
import type { NodeState } from './node-state.ts';
import type { NamespaceDialler, StreamingUrls } from './streaming.ts';

export interface OpenPortForwardDeps {
  readonly node: NodeState;
  readonly handlers: Handlers;
  readonly streaming: StreamingUrls;
  readonly namespaces: NamespaceDialler;
}

interface Target {
  readonly host: string;
  readonly port: number;
}

/** Where a pod's own servers listen, in the order they are tried. */
const LOOPBACKS = ['127.0.0.1', '::1'] as const;

/** PortForward: the ports of a pod, for whoever comes to the URL. */
export class OpenPortForward {
  readonly #deps: OpenPortForwardDeps;

  constructor(deps: OpenPortForwardDeps) {
    this.#deps = deps;
  }

  /** @returns the URL. Which ports are meant, its client says. */
  open(idOrPrefix: string): string {
    const { id } = this.#ready(idOrPrefix);
    return this.#deps.streaming.urlFor({
      kind: 'portforward',
      dial: async (port, signal) => await this.#dial(id, port, signal),
    });
  }

  async #dial(id: SandboxId, port: number, signal: AbortSignal): Promise<Duplex> {
    const record = this.#ready(id); // it may have ended since
    const { backend } = this.#deps.handlers.of(record);
    if (backend.portForward !== undefined) return await backend.portForward.connect(id, port, signal);
    const { network } = record;
    if (network.state === 'host') return await onLoopback(port, (target) => connectOnHost(target, signal));
    if (network.state === 'none') {
      throw new RuntimeError('FailedPrecondition', `pod sandbox ${id} has no network`, { id });
    }
    return await onLoopback(port, (target) =>
      this.#deps.namespaces.connectTcp(network.namespacePath, target, signal),
    );
  }

  #ready(idOrPrefix: string): SandboxRecord {
    const record = this.#deps.node.records.visibleSandbox(idOrPrefix);
    if (record.phase === 'ready') return record;
    throw new RuntimeError('FailedPrecondition', `pod sandbox ${record.id} is not ready`, { id: record.id });
  }
}

/** Tries the next address only when nobody listens at, or nothing has, the one before. */
async function onLoopback(port: number, dial: (target: Target) => Promise<Duplex>): Promise<Duplex> {
  const [first, second] = LOOPBACKS;
  try {
    return await dial({ host: first, port });
  } catch (refused) {
    if (errnoCode(refused) !== 'ECONNREFUSED') throw refused;
    try {
      return await dial({ host: second, port });
    } catch (error) {
      // A pod without IPv6 has no such address: then the first answer is the one that tells.
      throw errnoCode(error) === 'ECONNREFUSED' || errnoCode(error) === 'EADDRNOTAVAIL' ? refused : error;
    }
  }
}

async function connectOnHost(target: Target, signal: AbortSignal): Promise<Socket> {
  const socket = connect({ ...target, allowHalfOpen: true });
  try {
    await once(socket, 'connect', { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
