import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeReport } from '@crihub/experiment/compare';
import { describeError, RuntimeError, sleep } from '@crihub/kernel';
import type { NodeClient } from '../client/node-client.ts';
import type { Context } from '../context.ts';
import { AdminService, HandlersRequest } from '@crihub/wire/admin';
import { BenchPod } from './bench-pod.ts';
import { readTrial } from './read-trial.ts';
import { shuffled } from './shuffled.ts';
import { printReport, type ReportOptions } from './show-report.ts';

export interface BenchOptions extends ReportOptions {
  readonly handlers: readonly string[];
  readonly image: string;
  readonly pods: number;
  /** In seconds. */
  readonly hold: number;
  readonly cgroupParent: string;
}

/**
 * `crihub bench`: in each round one pod on every handler, in random order, so that what changes on the node
 * with time concerns all alike. A pod that fails counts, and the trial goes on.
 */
export async function bench(context: Context, options: BenchOptions): Promise<void> {
  const terminal = context.terminal();
  const trial = `bench-${randomUUID().slice(0, 8)}`;
  const logDirectory = await mkdtemp(join(tmpdir(), `crihub-${trial}-`));
  try {
    const data = await context.withNode(async (node) => {
      await assertHandlers(node, options.handlers);
      for (let round = 0; round < options.pods; round += 1) {
        for (const handler of shuffled(options.handlers)) {
          const failure = await runOne(node, { ...options, trial, logDirectory, handler, round });
          if (failure !== undefined) await terminal.remark(`${handler}, pod ${String(round)}: ${failure}`);
        }
        if (terminal.isInteractive)
          terminal.stderr.write(`\rround ${String(round + 1)} of ${String(options.pods)}`);
      }
      if (terminal.isInteractive) terminal.stderr.write('\n');
      const arms = options.handlers.map((handler) => ({ handler, share: 0, pods: 0 }));
      return await readTrial(node, { name: `trial/${trial}`, arms });
    });
    await printReport(terminal, makeReport(data), options);
    await terminal.remark(`crihub experiment report trial/${trial} shows this again`);
  } finally {
    await rm(logDirectory, { recursive: true, force: true });
  }
}

interface OnePod {
  readonly trial: string;
  readonly logDirectory: string;
  readonly handler: string;
  readonly round: number;
  readonly image: string;
  readonly hold: number;
  readonly cgroupParent: string;
}

/** @returns what went wrong, if anything. The pod is removed in any case. */
async function runOne(node: NodeClient, { hold, ...options }: OnePod): Promise<string | undefined> {
  const pod = new BenchPod(node, options);
  try {
    await pod.start();
    if (hold > 0) await sleep(hold * 1000, AbortSignal.timeout(hold * 1000 + 60_000));
    await pod.exec();
    await pod.stop();
    return undefined;
  } catch (error) {
    return describeError(error);
  } finally {
    await pod.remove();
  }
}

async function assertHandlers(node: NodeClient, names: readonly string[]): Promise<void> {
  const { handlers } = await node.call(AdminService.handlers, HandlersRequest.create());
  const unknown = names.filter((name) => !handlers.some((handler) => handler.name === name));
  if (unknown.length === 0 && names.length > 0) return;
  throw new RuntimeError(
    'InvalidArgument',
    `there is no handler ${unknown.join(', ')}; there are: ${handlers.map(({ name }) => name).join(', ')}`,
  );
}
