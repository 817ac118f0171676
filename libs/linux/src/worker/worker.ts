/** The entry of the namespace worker's thread: one request at a time, in order of arrival. */
import { parentPort } from 'node:worker_threads';
import { ThreadLostError } from '../namespaces/thread-namespaces.ts';
import { operations } from './operations.ts';
import type { WorkerRequest, WorkerResponse } from './protocol.ts';
import { toTransferable } from './transferable-error.ts';

// In a foreign namespace nothing more may run, not even what is queued already.
let lost = false;

parentPort?.on('message', (request: WorkerRequest) => {
  if (!lost) parentPort?.postMessage(answer(request));
});

function answer({ id, operation, input }: WorkerRequest): WorkerResponse {
  try {
    const run = operations[operation] as (input: unknown) => unknown;
    return { id, ok: true, output: run(input) };
  } catch (error) {
    lost = error instanceof ThreadLostError;
    return { id, ok: false, error: toTransferable(error), lost };
  }
}
