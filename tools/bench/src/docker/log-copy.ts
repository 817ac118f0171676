import path from 'node:path';
import {
  containerConfig,
  createContainer,
  type CriClient,
  podConfig,
  removePod,
  runPod,
  startContainer,
} from '@crihub/tool-fixtures';
import { untilLogged } from '../log-file.ts';
import { BENCH_IMAGE } from '../subject.ts';
import type { PlainEngine } from './plain-engine.ts';

/** MB of a container's output that reach their reader in a second. */
export interface LogRates {
  readonly plain: number;
  readonly cri: number;
}

const LINE_BYTES = 100;
const LAST_LINE = 'done';
const PATIENCE_MS = 10 * 60_000;

/** A talkative container, its log once read through the engine's API by nobody else, and once copied by crihub. */
export async function measureLogs(
  {
    engine,
    cri,
    logDirectory,
  }: { readonly engine: PlainEngine; readonly cri: CriClient; readonly logDirectory: string },
  megabytes: number,
): Promise<LogRates> {
  const bytes = megabytes * 1_000_000;
  const command = [
    'sh',
    '-c',
    `yes ${'x'.repeat(LINE_BYTES - 1)} | head -c ${String(bytes)}; echo ${LAST_LINE}`,
  ];
  const config = podConfig('logs', logDirectory);
  const pod = await runPod(cri, config, 'docker');
  try {
    const container = await createContainer(cri, pod, containerConfig('main', BENCH_IMAGE, command), config);
    const body = await engine.bodyOf(`crihub-${container}`);
    const plain = await engine.create(body);
    try {
      const plainMs = await timed(async () => {
        await engine.start(plain);
        await engine.followLog(plain);
      });
      const criMs = await timed(async () => {
        await startContainer(cri, container);
        await untilLogged(path.join(logDirectory, 'main.log'), LAST_LINE, PATIENCE_MS);
      });
      return { plain: (megabytes / plainMs) * 1000, cri: (megabytes / criMs) * 1000 };
    } finally {
      await engine.remove(plain);
    }
  } finally {
    await removePod(cri, pod);
  }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
