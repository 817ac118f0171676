import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeFailedUndos, Unwind } from './unwind.ts';

it('undoes in reverse, goes on after failures and returns them', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 10 }), async (fails) => {
      const undone: number[] = [];
      const unwind = new Unwind();
      for (const [index, fail] of fails.entries()) {
        unwind.push(`step ${String(index)}`, async () => {
          undone.push(index);
          if (fail) throw new Error(`${String(index)} is stuck`);
        });
      }
      const failed = await unwind.run();
      expect(undone).toEqual([...fails.keys()].reverse());
      expect(failed.map(({ description }) => description)).toEqual(
        [...fails.keys()]
          .filter((index) => fails[index])
          .map((index) => `step ${String(index)}`)
          .reverse(),
      );
    }),
  );
});

it('does nothing after commit, and nothing a second time', async () => {
  let undone = 0;
  const unwind = new Unwind();
  const count = async (): Promise<void> => {
    undone += 1;
  };
  unwind.push('a', count);
  unwind.commit();
  await unwind.run();
  expect(undone).toBe(0);
  unwind.push('b', count);
  await unwind.run();
  await unwind.run();
  expect(undone).toBe(1);
});

it('takes a step that throws at once for a failed one', async () => {
  const unwind = new Unwind();
  unwind.push('a', () => {
    throw new Error('at once');
  });
  expect(await unwind.run()).toMatchObject([{ description: 'a', error: { message: 'at once' } }]);
});

it.each([
  ['honours its signal', true],
  ['is deaf to its signal', false],
])('gives up on a step that hangs and %s, and undoes the rest', async (_sentence, honours) => {
  const undone: string[] = [];
  const unwind = new Unwind({ stepTimeoutMs: 10 });
  unwind.push('first', async () => void undone.push('first'));
  unwind.push(
    'hangs',
    (signal) =>
      new Promise((_resolve, reject) => {
        if (honours) signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      }),
  );
  const failed = await unwind.run();
  expect(undone).toEqual(['first']);
  expect(failed).toMatchObject([{ description: 'hangs', error: { kind: 'DeadlineExceeded' } }]);
  expect(describeFailedUndos(failed)).toBe('could not undo: hangs (undo: hangs took longer than 10 ms)');
});
