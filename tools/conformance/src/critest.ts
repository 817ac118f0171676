import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { RuntimeError } from '@crihub/kernel';
import { runForeground } from '@crihub/tool-setup';
import { readReport, type SpecResult } from './report.ts';

export interface CritestOptions {
  readonly program: string;
  /** The CRI socket: `unix:///run/…`. */
  readonly endpoint: string;
  /** The runtime handler of every pod; the runtime's default if absent. */
  readonly handler?: string;
  /** Where plugins connect; without it, the specs of NRI are skipped. */
  readonly nriSocket?: string;
  /** Regular expressions over spec names. */
  readonly focus?: string;
  readonly skip?: string;
  /** Streams by WebSocket, not SPDY. */
  readonly websocket: boolean;
  /** Takes the report. */
  readonly directory: string;
  readonly verbose: boolean;
}

const TIMEOUT = '50m';
// Not validation: they print figures and check nothing.
const BENCHMARKS = 'benchmark';

/** Runs critest to its end and reads its report. @throws Internal if it left none. */
export async function runCritest(options: CritestOptions): Promise<readonly SpecResult[]> {
  const report = path.join(options.directory, 'critest.json');
  const exitCode = await runForeground(options.program, argumentsFor(options, report));
  const text = await readFile(report, 'utf8').catch((cause: unknown) => {
    throw new RuntimeError('Internal', `critest ended with ${String(exitCode)} and left no report`, {
      cause,
    });
  });
  return readReport(JSON.parse(text), selection(options));
}

function argumentsFor(options: CritestOptions, report: string): readonly string[] {
  const { endpoint, handler, nriSocket, focus, skip, websocket, verbose } = options;
  return [
    `-runtime-endpoint=${endpoint}`,
    `-image-endpoint=${endpoint}`,
    ...(handler === undefined ? [] : [`-runtime-handler=${handler}`]),
    ...(nriSocket === undefined ? [] : [`-nri-socket=${nriSocket}`]),
    ...(websocket ? ['-websocket-exec', '-websocket-attach', '-websocket-portforward'] : []),
    `-ginkgo.json-report=${report}`,
    `-ginkgo.timeout=${TIMEOUT}`,
    `-ginkgo.skip=${BENCHMARKS}`,
    ...(focus === undefined ? [] : [`-ginkgo.focus=${focus}`]),
    ...(skip === undefined ? [] : [`-ginkgo.skip=${skip}`]),
    '-ginkgo.no-color',
    verbose ? '-ginkgo.v' : '-ginkgo.succinct',
    `-test.timeout=${TIMEOUT}`,
  ];
}

/** What was asked for: the report also has the specs that the filters left out, as skipped. */
function selection({ focus, skip }: CritestOptions): (spec: string) => boolean {
  const wanted = focus === undefined ? undefined : new RegExp(focus);
  const unwanted = skip === undefined ? undefined : new RegExp(skip);
  return (spec) =>
    !spec.includes(BENCHMARKS) && (wanted?.test(spec) ?? true) && !(unwanted?.test(spec) ?? false);
}
