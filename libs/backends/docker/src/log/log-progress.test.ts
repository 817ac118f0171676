import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DISORDER_NS,
  type LogProgress,
  ProgressCounter,
  progressOf,
  type WrittenMessage,
} from './log-progress.ts';

/** Messages in the order of the engine's file; times jump back by less than what counts as disorder. */
const messages = fc
  .array(
    fc.record({
      step: fc.bigInt({ min: 0n, max: DISORDER_NS }),
      back: fc.bigInt({ min: 0n, max: DISORDER_NS / 4n }),
      stream: fc.constantFrom('stdout' as const, 'stderr' as const),
    }),
    { maxLength: 60 },
  )
  .map((steps) => {
    let now = 1_000n * DISORDER_NS;
    return steps.map(({ step, back, stream }): WrittenMessage => {
      now += step;
      return { timeNs: now - back, stream, partial: false };
    });
  });

/** What the engine tells from there on, less what is skipped. */
const goOn = (all: readonly WrittenMessage[], { sinceNs, skip }: LogProgress): readonly WrittenMessage[] =>
  all.filter(({ timeNs }) => timeNs >= sinceNs).slice(skip);

const cutAt = fc.nat({ max: 60 });

describe('going on in a log', () => {
  it('tells each message once, by counting', () => {
    fc.assert(
      fc.property(messages, cutAt, (all, cut) => {
        const counter = new ProgressCounter({ sinceNs: 0n, skip: 0 });
        const written = all.slice(0, cut);
        for (const message of written) counter.count(message);
        expect([...written, ...goOn(all, counter.progress)]).toEqual(all);
      }),
    );
  });

  it('tells each message once, by reading what is written', () => {
    fc.assert(
      fc.property(messages, cutAt, (all, cut) => {
        const written = all.slice(0, cut);
        expect([...written, ...goOn(all, progressOf(written, true))]).toEqual(all);
      }),
    );
  });

  it('tells each message once, when it has gone on before', () => {
    fc.assert(
      fc.property(messages, cutAt, cutAt, (all, first, second) => {
        const before = all.slice(0, first);
        const counter = new ProgressCounter(progressOf(before, true));
        const rest = goOn(all, counter.progress);
        const then = rest.slice(0, second);
        for (const message of then) counter.count(message);
        expect([...before, ...then, ...goOn(all, counter.progress)]).toEqual(all);
      }),
    );
  });

  it('waits for the end of a line that began long ago', () => {
    const part = (seconds: bigint, partial: boolean): WrittenMessage => ({
      timeNs: seconds * 1_000_000_000n,
      stream: 'stdout',
      partial,
    });
    const other = (seconds: bigint): WrittenMessage => ({ ...part(seconds, false), stream: 'stderr' });
    // All parts of a line have the time of its beginning.
    const all = [part(100n, true), other(110n), other(120n), part(100n, true), part(100n, false)];
    const written = all.slice(0, 3);
    const counter = new ProgressCounter({ sinceNs: 0n, skip: 0 });
    for (const message of written) counter.count(message);
    expect([...written, ...goOn(all, counter.progress)]).toEqual(all);
    expect([...written, ...goOn(all, progressOf(written, true))]).toEqual(all);
  });
});
