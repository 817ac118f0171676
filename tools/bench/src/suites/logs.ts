import {
  containerConfig,
  createContainer,
  podConfig,
  removePod,
  runPod,
  startContainer,
} from '@crihub/tool-fixtures';
import { untilLogged } from '../log-file.ts';
import type { Suite } from '../suite.ts';
import { BENCH_IMAGE, READY, type Subject, thenWait } from '../subject.ts';
import { secondsOf } from './exec.ts';

const LINES = 1_000_000;
const LINE_BYTES = 100;
const ROUNDS = 3;
const PATIENCE_MS = 5 * 60_000;

const COMMAND = thenWait(`yes ${'x'.repeat(LINE_BYTES - 1)} | head -n ${String(LINES)}`);

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
      await untilLogged(`${config.logDirectory}/main.log`, READY, PATIENCE_MS);
    });
    recorder.record('log throughput', (LINES * LINE_BYTES) / 1e6 / seconds, 'MB/s');
  } finally {
    await removePod(cri, pod);
  }
}
