import fc from 'fast-check';
import { it } from 'vitest';
import { OutputBuffer } from './output-buffer.ts';

it('keeps the first bytes up to its limit and counts the rest, however they are cut', () => {
  fc.assert(
    fc.property(fc.nat(50), fc.array(fc.uint8Array({ maxLength: 20 })), (limit, chunks) => {
      const buffer = new OutputBuffer(limit);
      for (const chunk of chunks) buffer.push(Buffer.from(chunk));
      const whole = Buffer.concat(chunks);
      const kept = whole.subarray(0, limit);
      return buffer.take().equals(kept) && buffer.discarded === whole.length - kept.length;
    }),
  );
});
