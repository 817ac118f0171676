import type { BackendEvent } from '@crihub/contract';
import type { SandboxId } from '@crihub/kernel';
import { describe, expect, it } from 'vitest';
import { EventStream } from './event-stream.ts';

const event = (message: string): BackendEvent => ({ type: 'sandboxExited', id: 'x' as SandboxId, message });

describe('EventStream', () => {
  it('tells what happens between the call and the first iteration', async () => {
    const stream = new EventStream();
    const events = stream.listen(new AbortController().signal);
    stream.push(event('early'));
    stream.close();
    expect(await collect(events)).toEqual([event('early')]);
  });

  it('tells a listener who was too slow to resync, and the newest events', async () => {
    const stream = new EventStream();
    const events = stream.listen(new AbortController().signal);
    for (let number = 0; number < 5_000; number += 1) stream.push(event(String(number)));
    stream.close();
    const told = await collect(events);
    expect(told[0]).toEqual({ type: 'resync' });
    expect(told.at(-1)).toEqual(event('4999'));
  });

  it('ends the iteration when the signal aborts', async () => {
    const stream = new EventStream();
    const end = new AbortController();
    const events = collect(stream.listen(end.signal));
    end.abort();
    stream.push(event('late'));
    expect(await events).toEqual([]);
    expect(await collect(stream.listen(AbortSignal.abort()))).toEqual([]);
  });
});

async function collect(events: AsyncIterable<BackendEvent>): Promise<readonly BackendEvent[]> {
  const told: BackendEvent[] = [];
  for await (const one of events) told.push(one);
  return told;
}
