import { describe, expect, it } from 'vitest';
import { pointToBundle } from './worker-urls.ts';

const entryPoints = { main: '/r/main.ts', 'copy-worker': '/r/lib/copy/worker.ts' };

describe('pointToBundle', () => {
  it.each([
    {
      why: 'a worker beside the file becomes its bundled name',
      file: '/r/lib/copy/thread.ts',
      source: "new Worker(new URL('./worker.ts', import.meta.url));",
      result: "new Worker(new URL('./copy-worker.mjs', import.meta.url));",
    },
    {
      why: 'a worker in another folder is found by its path',
      file: '/r/lib/other/thread.ts',
      source: "const program = new URL('../copy/worker.ts', import.meta.url);",
      result: "const program = new URL('./copy-worker.mjs', import.meta.url);",
    },
    {
      why: 'other URLs stay',
      file: '/r/lib/copy/thread.ts',
      source: "new URL('https://example.org/a.ts'); new URL('./data.json', import.meta.url)",
      result: "new URL('https://example.org/a.ts'); new URL('./data.json', import.meta.url)",
    },
  ])('$why', ({ file, source, result }) => {
    expect(pointToBundle(source, file, entryPoints)).toBe(result);
  });

  it('refuses a program that the bundle does not have', () => {
    const source = "new Worker(new URL('./forgotten.ts', import.meta.url));";
    expect(() => pointToBundle(source, '/r/lib/copy/thread.ts', entryPoints)).toThrow(
      '/r/lib/copy/thread.ts starts /r/lib/copy/forgotten.ts',
    );
  });
});
