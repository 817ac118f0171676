import { expect, it } from 'vitest';
import { buffersSpent } from './buffer-garbage.ts';

const CHUNK = 64 * 1024;

it('keeps dead buffers from piling up', () => {
  const before = process.memoryUsage().arrayBuffers;
  let peak = 0;
  for (let count = 0; count < 2000; count += 1) {
    const buffer = new Uint8Array(CHUNK).fill(1);
    buffersSpent(buffer.length);
    peak = Math.max(peak, process.memoryUsage().arrayBuffers);
  }
  expect(peak - before).toBeLessThan(16 * 1024 * 1024);
});
