import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import Table from 'cli-table3';
import { describeError, sleep } from '@crihub/kernel';
import {
  containerConfig,
  createContainer,
  type CriClient,
  execSync,
  podAddress,
  podConfig,
  removePod,
  runPod,
  runtimeHandlers,
  startContainer,
} from '@crihub/tool-fixtures';

/** What a pod showed on one handler. */
export interface DemoResult {
  readonly handler: string;
  readonly address: string;
  readonly log: string;
  readonly exec: string;
  /** From RunPodSandbox to a running container, and for all of it, in ms. */
  readonly runningMs: number;
  readonly totalMs: number;
}

export type DemoOutcome = DemoResult | { readonly handler: string; readonly failure: string };

const COMMAND = ['sh', '-c', 'echo hello from $(hostname); exec sleep 1000'];
const LOG_TIMEOUT_MS = 10_000;

/** Runs one pod after the other, on every handler that the runtime's Status names. */
export async function runDemo(
  cri: CriClient,
  image: string,
  logDirectory: string,
  say: (line: string) => void,
): Promise<readonly DemoOutcome[]> {
  const outcomes: DemoOutcome[] = [];
  for (const handler of await runtimeHandlers(cri)) {
    say(`a pod on ${handler === '' ? 'the default handler' : handler}`);
    try {
      outcomes.push(await demonstrate(cri, handler, image, path.join(logDirectory, handler)));
    } catch (error) {
      outcomes.push({ handler, failure: describeError(error) });
    }
  }
  return outcomes;
}

async function demonstrate(
  cri: CriClient,
  handler: string,
  image: string,
  logDirectory: string,
): Promise<DemoResult> {
  await mkdir(logDirectory, { recursive: true });
  const config = podConfig('demo', logDirectory);
  const start = performance.now();
  const pod = await runPod(cri, config, handler);
  try {
    const container = await createContainer(cri, pod, containerConfig('hello', image, COMMAND), config);
    await startContainer(cri, container);
    const runningMs = performance.now() - start;
    const log = await firstLogLine(path.join(logDirectory, 'hello.log'));
    const { stdout } = await execSync(cri, container, ['uname', '-sr']);
    const address = await podAddress(cri, pod);
    const exec = stdout.toString().trim();
    return { handler, address, log, exec, runningMs, totalMs: performance.now() - start };
  } finally {
    await removePod(cri, pod);
  }
}

/** The text of the first line in CRI's log format: `time stream tag text`. */
async function firstLogLine(file: string): Promise<string> {
  for (const end = Date.now() + LOG_TIMEOUT_MS; Date.now() < end; await sleep(20)) {
    // The file appears with the container, its first line soon after.
    const text = await readFile(file, 'utf8').catch(() => '');
    const line = text.split('\n').at(-2);
    if (line !== undefined) return line.split(' ').slice(3).join(' ');
  }
  throw new Error(`no log line appeared in ${file} within ${String(LOG_TIMEOUT_MS / 1000)} s`);
}

export function formatDemo(outcomes: readonly DemoOutcome[]): string {
  const table = new Table({
    head: ['handler', 'address', 'log', 'exec: uname -sr', 'running after', 'all of it'],
    style: { head: [], border: [] },
  });
  for (const outcome of outcomes) {
    if ('failure' in outcome) table.push([outcome.handler, { colSpan: 5, content: outcome.failure }]);
    else {
      const { handler, address, log, exec, runningMs, totalMs } = outcome;
      table.push([handler, address, log, exec, `${runningMs.toFixed(0)} ms`, `${totalMs.toFixed(0)} ms`]);
    }
  }
  return table.toString();
}
