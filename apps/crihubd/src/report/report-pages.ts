import { Worker } from 'node:worker_threads';
import { RuntimeError, SingleFlight, withDeadline } from '@crihub/kernel';
import type { ReportJob } from './report-job.ts';

export interface ReportPagesOptions {
  /** The state database. */
  readonly database: string;
}

export interface ReportPagesDependencies {
  /** The experiments of the configuration, each with its arms. */
  readonly experiments: () => readonly { readonly name: string; readonly arms: readonly string[] }[];
}

const REPORT_MS = 60_000;
/** Who looks at a page anew every few seconds gets the same one for a while. */
const FRESH_MS = 5_000;

/** The reports of the node's experiments as pages, made in a thread of their own when somebody looks. */
export class ReportPages {
  readonly #database: string;
  readonly #experiments: ReportPagesDependencies['experiments'];
  readonly #running = new SingleFlight<string, string>();
  readonly #made = new Map<string, { readonly at: number; readonly page: string }>();

  constructor({ database }: ReportPagesOptions, { experiments }: ReportPagesDependencies) {
    this.#database = database;
    this.#experiments = experiments;
  }

  /** @returns undefined if the configuration has no such experiment. @throws DeadlineExceeded, Internal. */
  async page(name: string): Promise<string | undefined> {
    const experiment = this.#experiments().find((one) => one.name === name);
    if (experiment === undefined) return undefined;
    const made = this.#made.get(name);
    if (made !== undefined && performance.now() - made.at < FRESH_MS) return made.page;
    return await this.#running.run(name, async () => {
      const page = await makePage({ database: this.#database, experiment: name, arms: experiment.arms });
      this.#made.set(name, { at: performance.now(), page });
      return page;
    });
  }
}

async function makePage(job: ReportJob): Promise<string> {
  return await withDeadline(`the report of ${job.experiment}`, REPORT_MS, undefined, async (signal) => {
    const worker = new Worker(new URL('./report-worker.ts', import.meta.url), { workerData: job });
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => reject(new RuntimeError('Internal', 'the thread of the report ended early')));
    signal.addEventListener('abort', () => void worker.terminate(), { once: true });
    return await promise;
  });
}
