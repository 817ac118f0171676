import type { Plugin } from 'esbuild';

/**
 * Takes Node's own modules as the objects that they are. Importing one instead calls each of its getters,
 * for a namespace has values only: `node:http` so loads Node's `fetch`, and `node:crypto` the web's.
 */
export const builtinModules: Plugin = {
  name: 'builtin-modules',
  setup(build) {
    build.onResolve({ filter: /^node:/ }, ({ path, kind }) =>
      kind === 'import-statement' ? { path, namespace: 'builtin' } : undefined,
    );
    build.onLoad({ filter: /^node:/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
  },
};
