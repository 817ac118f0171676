import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { OperationGate } from './operation-gate.ts';

it('lets shared operations overlap and exclusive ones run alone, whatever comes when', async () => {
  const operation = fc.record({
    exclusive: fc.boolean(),
    startMs: fc.nat(4),
    lastsMs: fc.nat(4),
    fails: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 12 }), async (operations) => {
      const gate = new OperationGate<string>();
      let shared = 0;
      let exclusive = 0;
      let broken = false;
      const run = async ({
        exclusive: alone,
        startMs,
        lastsMs,
        fails,
      }: (typeof operations)[number]): Promise<void> => {
        await delay(startMs);
        const work = async (): Promise<void> => {
          if (alone) exclusive += 1;
          else shared += 1;
          broken ||= exclusive > 1 || (exclusive === 1 && shared > 0);
          await delay(lastsMs);
          if (alone) exclusive -= 1;
          else shared -= 1;
          if (fails) throw new Error('expected');
        };
        await (alone ? gate.exclusive('k', work) : gate.shared('k', work));
      };
      const ends = await Promise.allSettled(operations.map(run));
      const failed = ends.filter(({ status }) => status === 'rejected').length;
      return !broken && failed === operations.filter(({ fails }) => fails).length;
    }),
    { numRuns: 30 },
  );
});

it('holds nobody back once a waiting exclusive operation gives up', async () => {
  const gate = new OperationGate<string>();
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const first = gate.shared('k', () => ended);
  const aborter = new AbortController();
  const waiting = gate.exclusive('k', async () => 'never', aborter.signal);
  const behind = gate.shared('k', async () => 'done');
  aborter.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  expect(await behind).toBe('done');
  end();
  await first;
});
