import { describeError, errnoCode, kindOf } from '@crihub/kernel';
import { parentPort } from 'node:worker_threads';
import { splitArchive } from './archive-splitter.ts';
import { GrowingReader } from './growing-reader.ts';
import type { FromWorker, Job, JobResults, ToWorker, WireError } from './protocol.ts';
import { unpackLayer } from './unpack-layer.ts';

interface RunningJob {
  readonly reader: GrowingReader;
  readonly controller: AbortController;
}

/** The thread where archives are unpacked, with synchronous file system calls: they are the fastest. */
const running = new Map<number, RunningJob>();

parentPort?.on('message', (message: ToWorker) => {
  switch (message.type) {
    case 'start': {
      const job = { reader: new GrowingReader(message.path), controller: new AbortController() };
      running.set(message.id, job);
      void perform(message.id, message.job, job);
      return;
    }
    case 'grown':
      running.get(message.id)?.reader.grown(message.bytes, message.complete);
      return;
    case 'abort':
      running.get(message.id)?.controller.abort();
      return;
  }
});

async function perform(id: number, job: Job, { reader, controller }: RunningJob): Promise<void> {
  try {
    const result = await execute(job, reader.read(controller.signal), controller.signal);
    send({ type: 'done', id, result });
  } catch (error) {
    send({ type: 'failed', id, error: toWire(error) });
  } finally {
    running.delete(id);
  }
}

async function execute(
  job: Job,
  source: AsyncIterable<Buffer>,
  signal: AbortSignal,
): Promise<JobResults[keyof JobResults]> {
  if (job.type === 'layer') return await unpackLayer(job.layer, source, signal);
  return await splitArchive(job.archive, source, signal);
}

const send = (message: FromWorker): void => parentPort?.postMessage(message);

function toWire(error: unknown): WireError {
  const isFull = ['ENOSPC', 'EDQUOT'].includes(errnoCode(error) ?? '');
  return { kind: isFull ? 'ResourceExhausted' : kindOf(error), message: describeError(error) };
}
