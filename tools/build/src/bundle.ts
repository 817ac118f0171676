import { build, type Metafile } from 'esbuild';
import { ENTRY_POINTS, REPOSITORY } from './entry-points.ts';
import { NATIVE_PACKAGES } from './native-packages.ts';
import { workerUrls } from './worker-urls.ts';

// Packages in CommonJS ask for Node's own modules by `require`, which a module does not have.
const REQUIRE =
  "import { createRequire as createBundleRequire } from 'node:module';\n" +
  'const require = createBundleRequire(import.meta.url);';

/**
 * Writes one readable module for each entry point, and those that they share, into `directory`.
 * @throws what esbuild throws: its message names file and line.
 */
export async function bundle(directory: string): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: REPOSITORY,
    entryPoints: { ...ENTRY_POINTS },
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    keepNames: true,
    legalComments: 'none', // whole licences are shipped beside the bundle
    external: [...NATIVE_PACKAGES],
    banner: { js: REQUIRE },
    plugins: [workerUrls(ENTRY_POINTS)],
    metafile: true,
    logLevel: 'warning',
  });
  return metafile;
}
