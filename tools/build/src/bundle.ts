import { build, type Metafile } from 'esbuild';
import { builtinModules } from './builtin-modules.ts';
import { ASSETS, ENTRY_POINTS, REPOSITORY } from './entry-points.ts';
import { fileUrls } from './file-urls.ts';
import { NATIVE_PACKAGES } from './native-packages.ts';

// Packages in CommonJS ask for Node's own modules by `require`, and where they are, which modules do not have.
const COMMONJS =
  "import { createRequire as createBundleRequire } from 'node:module';\n" +
  'const require = createBundleRequire(import.meta.url), __dirname = import.meta.dirname;';

/** Machine code that speeds ssh2 up where it was built, and that ssh2 does without where it can't be loaded. */
const OPTIONAL_PACKAGES = ['cpu-features', '*/sshcrypto.node'] as const;

/**
 * Writes one module for each entry point, and those that they share, into `directory`.
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
    // The engine keeps the text of what runs in memory: several MiB less without white space. Names stay as
    // they are, and `node --enable-source-maps` shows where in the source something happened.
    minifyWhitespace: true,
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none', // whole licences are shipped beside the bundle
    external: [...NATIVE_PACKAGES, ...OPTIONAL_PACKAGES],
    banner: { js: COMMONJS },
    plugins: [builtinModules, fileUrls({ entryPoints: ENTRY_POINTS, assets: ASSETS })],
    metafile: true,
    logLevel: 'warning',
  });
  return metafile;
}
