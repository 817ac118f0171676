import path from 'node:path';

export const REPOSITORY = path.resolve(import.meta.dirname, '../../..');

/** What is started by name, as a program or as the program of a thread: the source by its name in the bundle. */
export const ENTRY_POINTS: Readonly<Record<string, string>> = {
  crihubd: path.join(REPOSITORY, 'apps/crihubd/src/main.ts'),
  crihub: path.join(REPOSITORY, 'apps/crihub/src/main.ts'),
  'namespace-worker': path.join(REPOSITORY, 'libs/linux/src/worker/worker.ts'),
  'kvm-program': path.join(REPOSITORY, 'libs/linux/src/kvm/kvm-program.ts'),
  'report-worker': path.join(REPOSITORY, 'apps/crihubd/src/report/report-worker.ts'),
  'unpack-worker': path.join(REPOSITORY, 'libs/services/images/src/unpack/worker.ts'),
};

/** Those that people start. */
export const PROGRAMS = ['crihubd', 'crihub'] as const;

const PAGE = path.join(REPOSITORY, 'libs/observability/src/status/page');

/** Files that are read when the daemon runs: the source by its path beside the bundle. */
export const ASSETS: Readonly<Record<string, string>> = {
  'page/index.html': path.join(PAGE, 'index.html'),
  'page/page.css': path.join(PAGE, 'page.css'),
  'page/page.js': path.join(PAGE, 'page.js'),
};
