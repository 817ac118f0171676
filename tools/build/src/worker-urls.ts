import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { RuntimeError } from '@crihub/kernel';
import type { Plugin } from 'esbuild';

// The one form in which the source names another file of its own that a thread is to run.
const WORKER_URL = /new URL\('(\.{1,2}\/[^']+\.ts)', import\.meta\.url\)/g;

/**
 * Makes `new URL('./worker.ts', import.meta.url)` name the bundled file, which esbuild leaves as it is.
 * A file that is named so and no entry point fails the build: it would be missing when it is needed.
 */
export const workerUrls = (entryPoints: Readonly<Record<string, string>>): Plugin => ({
  name: 'worker-urls',
  setup(build) {
    build.onLoad({ filter: /\.ts$/ }, async ({ path: file }) => {
      // Packages have no such URLs; esbuild reads them itself.
      if (file.includes('/node_modules/')) return undefined;
      return { loader: 'ts', contents: pointToBundle(await readFile(file, 'utf8'), file, entryPoints) };
    });
  },
});

/** @throws FailedPrecondition for a file that is no entry point. */
export function pointToBundle(
  source: string,
  file: string,
  entryPoints: Readonly<Record<string, string>>,
): string {
  const names = new Map(Object.entries(entryPoints).map(([name, entry]) => [entry, name]));
  return source.replace(WORKER_URL, (_, relative: string) => {
    const target = path.resolve(path.dirname(file), relative);
    const name = names.get(target);
    if (name !== undefined) return `new URL('./${name}.mjs', import.meta.url)`;
    throw new RuntimeError(
      'FailedPrecondition',
      `${file} starts ${target}, which is not in the bundle; name it in tools/build/src/entry-points.ts`,
    );
  });
}
