import { describe, expect, it } from 'vitest';
import { pointToBundle } from './file-urls.ts';

const files = {
  entryPoints: { main: '/r/main.ts', 'copy-worker': '/r/lib/copy/worker.ts' },
  assets: { 'page/index.html': '/r/lib/page/index.html' },
};

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
      why: 'a file to read becomes its copy',
      file: '/r/lib/page/files.ts',
      source: "readFile(new URL('./index.html', import.meta.url));",
      result: "readFile(new URL('./page/index.html', import.meta.url));",
    },
    {
      why: 'other URLs stay',
      file: '/r/lib/copy/thread.ts',
      source: "new URL('https://example.org/a.ts'); new URL('./data.json', import.meta.url)",
      result: "new URL('https://example.org/a.ts'); new URL('./data.json', import.meta.url)",
    },
  ])('$why', ({ file, source, result }) => {
    expect(pointToBundle(source, file, files)).toBe(result);
  });

  it('refuses a program that the bundle does not have', () => {
    const source = "new Worker(new URL('./forgotten.ts', import.meta.url));";
    expect(() => pointToBundle(source, '/r/lib/copy/thread.ts', files)).toThrow(
      '/r/lib/copy/thread.ts uses /r/lib/copy/forgotten.ts',
    );
  });
});
