import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// Threads find their modules stripped of types. Each would else load WebAssembly for that, whose code V8 may lose
// track of when threads come and go ("Check failed: jit_page.has_value()", nodejs/node#64500), which ends a run.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, '.cache/compile');

/** Unit tests sit beside the code; integration tests need root and real engines. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{apps,libs,tools}/**/*.test.ts'],
          exclude: [
            '**/node_modules/**',
            '**/*.integration.test.ts',
            '**/*.machine.test.ts',
            '**/*.soak.test.ts',
          ],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['{apps,libs,tools}/**/*.integration.test.ts'],
          exclude: ['**/node_modules/**'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        // A virtual machine for each test: ten minutes and more, not part of `npm test`.
        test: {
          name: 'machine',
          include: ['{apps,libs,tools}/**/*.machine.test.ts'],
          exclude: ['**/node_modules/**'],
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        // The newest engines, and much of the same, for leaks: half an hour, not part of `npm test`.
        test: {
          name: 'soak',
          include: ['{apps,libs,tools}/**/*.soak.test.ts'],
          exclude: ['**/node_modules/**'],
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
