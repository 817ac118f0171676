import { stat } from 'node:fs/promises';
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
import { sleep } from '@crihub/kernel';
import { BENCH_IMAGE } from '../subject.ts';
import type { PlainEngine } from './plain-engine.ts';

/** MB of a container's output that reach their reader in a second. */
export interface LogRates {
  readonly plain: number;
  readonly cri: number;
}

const LINE_BYTES = 100;
/** `2026-01-31T12:00:00.000000000Z stdout F ` */
const HEADER_BYTES = 40;
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
  const command = ['sh', '-c', `yes ${'x'.repeat(LINE_BYTES - 1)} | head -c ${String(bytes)}`];
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
        await untilLong(
          path.join(logDirectory, 'main.log'),
          (bytes / LINE_BYTES) * (LINE_BYTES + HEADER_BYTES),
        );
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

async function untilLong(file: string, bytes: number): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await sleep(20))
    if ((await stat(file)).size >= bytes) return;
  throw new Error(`${file} did not grow to ${String(bytes)} bytes`);
}
