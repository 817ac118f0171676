import { errnoCode, RuntimeError } from '@crihub/kernel';
import { ContainerState, ContainerStatusRequest, RuntimeServiceService } from '@crihub/wire/cri';
import type { NodeClient } from '../client/node-client.ts';
import { unlessGone } from '../client/unless-gone.ts';
import type { Container } from '../containers/container-info.ts';
import { findContainer } from '../containers/find-container.ts';
import type { Context } from '../context.ts';
import type { Terminal } from '../output/terminal.ts';
import { EntryParser, type LogLine } from './entry-parser.ts';
import { readLog } from './read-log.ts';

export interface LogOptions {
  readonly follow?: boolean;
  readonly tail?: number;
  readonly timestamps?: boolean;
}

const STATUS_INTERVAL_MS = 1_000;

/** `crihub logs`: reads the log file itself, which is on the same node. */
export async function showLog(context: Context, name: string, options: LogOptions): Promise<void> {
  const terminal = context.terminal();
  await context.withNode(async (node) => {
    const container = await findContainer(node, name);
    const path = await logPathOf(node, container);
    const hasEnded = options.follow === true ? endWatch(node, container.id) : async () => true;
    const parser = new EntryParser();
    try {
      for await (const chunk of readLog(path, { tail: options.tail, hasEnded })) {
        await showLines(terminal, parser.push(chunk), options);
      }
    } catch (cause) {
      if (errnoCode(cause) !== 'ENOENT') throw cause;
      throw new RuntimeError('NotFound', `container ${name} has no log file ${path}: was it started?`);
    }
  });
}

async function logPathOf(node: NodeClient, { id, name }: Container): Promise<string> {
  const request = ContainerStatusRequest.create({ containerId: id });
  const { status } = await node.call(RuntimeServiceService.containerStatus, request);
  if (status !== undefined && status.logPath !== '') return status.logPath;
  throw new RuntimeError(
    'FailedPrecondition',
    `container ${name} keeps no log: its pod was made without a log directory`,
  );
}

/** Whether the container has ended, asked of the daemon not too often. */
function endWatch(node: NodeClient, containerId: string): () => Promise<boolean> {
  const request = ContainerStatusRequest.create({ containerId });
  let askedAt = -Infinity;
  return async () => {
    if (performance.now() - askedAt < STATUS_INTERVAL_MS) return false;
    askedAt = performance.now();
    const answer = await unlessGone(node.call(RuntimeServiceService.containerStatus, request));
    const state = answer?.status?.state;
    return state !== ContainerState.CONTAINER_RUNNING && state !== ContainerState.CONTAINER_CREATED;
  };
}

async function showLines(
  terminal: Terminal,
  lines: Iterable<LogLine>,
  { timestamps = false }: LogOptions,
): Promise<void> {
  // One write for lines in a row of the same stream, and both streams in their order.
  let pending: Buffer[] = [];
  let stream: LogLine['stream'] = 'stdout';
  const flush = async (): Promise<void> => {
    if (pending.length > 0) await terminal.write(terminal[stream], Buffer.concat(pending));
    pending = [];
  };
  for (const line of lines) {
    if (terminal.format === 'json') {
      await terminal.print(JSON.stringify({ ...line, text: line.text.toString() }));
      continue;
    }
    if (line.stream !== stream) await flush();
    stream = line.stream;
    if (timestamps) pending.push(Buffer.from(`${line.time} `));
    pending.push(line.text);
  }
  await flush();
}
