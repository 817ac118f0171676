import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { RuntimeError } from '@crihub/kernel';
import type { Plugin } from 'esbuild';

/** The one form in which the source names another file of its own: one to run, or one to read. */
const FILE_URL = /new URL\('(\.{1,2}\/[^']+\.(?:ts|html|css|js))', import\.meta\.url\)/g;

export interface BundledFiles {
  /** Sources by the name of the module that the bundle has for them. */
  readonly entryPoints: Readonly<Record<string, string>>;
  /** Files by the path of their copy beside the bundle. */
  readonly assets: Readonly<Record<string, string>>;
}

/**
 * Makes `new URL('./worker.ts', import.meta.url)` name the bundled file, which esbuild leaves as it is.
 * A file that is named so and not shipped fails the build: it would be missing when it is needed.
 */
export const fileUrls = (files: BundledFiles): Plugin => ({
  name: 'file-urls',
  setup(build) {
    build.onLoad({ filter: /\.ts$/ }, async ({ path: file }) => {
      // Packages have no such URLs; esbuild reads them itself.
      if (file.includes('/node_modules/')) return undefined;
      return { loader: 'ts', contents: pointToBundle(await readFile(file, 'utf8'), file, files) };
    });
  },
});

/** @throws FailedPrecondition for a file that is not shipped. */
export function pointToBundle(source: string, file: string, { entryPoints, assets }: BundledFiles): string {
  const shipped = new Map([
    ...Object.entries(entryPoints).map(([name, entry]) => [entry, `${name}.mjs`] as const),
    ...Object.entries(assets).map(([copy, asset]) => [asset, copy] as const),
  ]);
  return source.replace(FILE_URL, (_, relative: string) => {
    const target = path.resolve(path.dirname(file), relative);
    const copy = shipped.get(target);
    if (copy !== undefined) return `new URL('./${copy}', import.meta.url)`;
    throw new RuntimeError(
      'FailedPrecondition',
      `${file} uses ${target}, which is not in the bundle; name it in tools/build/src/entry-points.ts`,
    );
  });
}
