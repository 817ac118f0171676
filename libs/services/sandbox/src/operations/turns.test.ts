import { sleep } from '@crihub/kernel';
import { expect, it } from 'vitest';
import { Turns } from './turns.ts';

const never = new AbortController().signal;

it('runs operations on one id one after the other, and on others at once', async () => {
  const turns = new Turns();
  const told: string[] = [];
  const operation = (id: string, name: string): Promise<void> =>
    turns.run(id, never, async () => {
      told.push(`${name} begins`);
      await sleep(10);
      told.push(`${name} ends`);
    });
  await Promise.all([operation('a', 'first'), operation('a', 'second'), operation('b', 'other')]);
  expect(told.indexOf('first ends')).toBeLessThan(told.indexOf('second begins'));
  expect(told.indexOf('other begins')).toBeLessThan(told.indexOf('first ends'));
});

it('lets a caller leave, finishes the operation, and only then begins the next', async () => {
  const turns = new Turns();
  const caller = new AbortController();
  const told: string[] = [];
  const left = turns.run('a', caller.signal, async () => {
    await sleep(30);
    told.push('finished');
  });
  caller.abort(new Error('enough'));
  await expect(left).rejects.toThrow('enough');
  expect(told).toEqual([]);
  await turns.run('a', never, async () => void told.push('next'));
  expect(told).toEqual(['finished', 'next']);
});

it('begins nothing for a caller who has given up before', async () => {
  const operation = async (): Promise<never> => expect.fail('it began');
  await expect(new Turns().run('a', AbortSignal.abort(new Error('late')), operation)).rejects.toThrow('late');
});

it('is idle when all has ended, and does not wait for longer than it is told', async () => {
  const turns = new Turns();
  let done = false;
  const quick = turns.run('a', never, async () => {
    await sleep(20);
    done = true;
  });
  await turns.idle(5_000);
  expect(done).toBe(true);
  await quick;
  const slow = turns.run('b', never, () => sleep(300));
  const begun = performance.now();
  await turns.idle(20);
  expect(performance.now() - begun).toBeLessThan(250);
  await slow;
});

it('waits for the operations of one group alone', async () => {
  const turns = new Turns();
  const other = Promise.withResolvers<void>();
  let done = false;
  const all = [
    turns.run('a', never, async () => void (done = await sleep(20).then(() => true)), 'pod'),
    turns.run('b', never, () => other.promise, 'another pod'),
  ];
  await turns.idle(60_000, 'pod');
  expect(done).toBe(true);
  other.resolve();
  await Promise.all(all);
});
