import { stat } from 'node:fs/promises';
import { sleep } from '@crihub/kernel';
import {
  containerConfig,
  createContainer,
  podConfig,
  removePod,
  runPod,
  startContainer,
} from '@crihub/tool-fixtures';
import type { Suite } from '../suite.ts';
import { BENCH_IMAGE, type Subject } from '../subject.ts';
import { secondsOf } from './exec.ts';

const LINES = 1_000_000;
const LINE_BYTES = 100;
/** The shortest form: `2026-01-31T12:00:00Z stdout F `; what is longer is not waited for. */
const HEADER_BYTES = 30;
const ROUNDS = 3;
const PATIENCE_MS = 5 * 60_000;
const POLL_MS = 20;

const COMMAND = [
  'sh',
  '-c',
  `yes ${'x'.repeat(LINE_BYTES - 1)} | head -n ${String(LINES)}; echo; trap exit TERM; sleep 1000000 & wait`,
];

export const logs: Suite = {
  name: 'logs',
  about: `A container's output, ${String((LINES * LINE_BYTES) / 1e6)} MB in lines of ${String(LINE_BYTES)} bytes, until all of it is in its log.`,
  measure: async (subjects, { say }) => {
    say(`${String(ROUNDS)} × ${String((LINES * LINE_BYTES) / 1e6)} MB of output`);
    for (let round = 0; round < ROUNDS; round += 1)
      for (const subject of subjects) await measureOne(subject, `logs-${String(round)}`);
  },
};

async function measureOne(
  { daemon: { cri }, handler, logDirectory, recorder }: Subject,
  name: string,
): Promise<void> {
  const config = podConfig(name, `${logDirectory}/${name}`);
  const pod = await runPod(cri, config, handler);
  try {
    const container = await createContainer(cri, pod, containerConfig('main', BENCH_IMAGE, COMMAND), config);
    const seconds = await secondsOf(async () => {
      await startContainer(cri, container);
      await untilLong(`${config.logDirectory}/main.log`, LINES * (LINE_BYTES + HEADER_BYTES));
    });
    recorder.record('log throughput', (LINES * LINE_BYTES) / 1e6 / seconds, 'MB/s');
  } finally {
    await removePod(cri, pod);
  }
}

/** Waits until the log has so many bytes and grows no more. */
async function untilLong(file: string, bytes: number): Promise<void> {
  let last = 0;
  for (const end = Date.now() + PATIENCE_MS; ; await sleep(POLL_MS)) {
    const { size } = await stat(file);
    if (size >= bytes && size === last) return;
    if (Date.now() > end) throw new Error(`${file} has ${String(size)} of ${String(bytes)} bytes`);
    last = size;
  }
}
