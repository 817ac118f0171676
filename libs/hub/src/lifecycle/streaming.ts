import type { Duplex } from 'node:stream';
import { RuntimeError } from '@crihub/kernel';
import type { StreamingRequest, StreamSelection } from '@crihub/service-streaming';
import { invalid } from '../front/parse/check.ts';
import type { ContainerRecord } from '../records/container-record.ts';
import type { NodeState } from './node-state.ts';

/** The streaming server, as far as the RPCs need it. */
export interface StreamingUrls {
  /** The URL at which a client finds what is asked for: once, and soon. */
  urlFor(request: StreamingRequest): string;
}

/** Connects from within a pod's network namespace. */
export interface NamespaceDialler {
  connectTcp(
    netPath: string,
    target: { readonly host: string; readonly port: number },
    signal?: AbortSignal,
  ): Promise<Duplex>;
}

/** The container, if it runs. @throws NotFound, or FailedPrecondition saying what it does instead. */
export function runningContainer(node: NodeState, idOrPrefix: string): ContainerRecord {
  const record = node.records.visibleContainer(idOrPrefix);
  if (record.phase === 'running') return record;
  throw new RuntimeError('FailedPrecondition', `container ${record.id} is ${record.phase}, not running`, {
    id: record.id,
  });
}

/** @throws InvalidArgument for streams that can't be had together (CRI, ExecRequest and AttachRequest). */
export function checkSelection({ stdin, stdout, stderr, terminal }: StreamSelection): void {
  if (terminal && stderr) {
    throw invalid('tty and stderr are both true; with a terminal, errors come on stdout');
  }
  if (!stdin && !stdout && !stderr)
    throw invalid('none of stdin, stdout and stderr is true; one at least must be');
}
