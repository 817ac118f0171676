import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { MemoryRig } from '../memory/memory-rig.ts';
import { Failpoints } from './failpoints.ts';
import { withFailpoints } from './with-failpoints.ts';

const settled = (promise: Promise<unknown>): Promise<string> =>
  Promise.race([
    promise.then(
      () => 'resolved',
      () => 'rejected',
    ),
    delay(50, 'pending'),
  ]);

describe('a failpoint', () => {
  it('does nothing until it is armed, and is recorded', async () => {
    const failpoints = new Failpoints();
    await failpoints.hit('a');
    await failpoints.hit('b');
    expect(failpoints.reached).toEqual(['a', 'b']);
  });

  it('fails as often as it was armed for', async () => {
    const failpoints = new Failpoints().arm('a', { type: 'fail', error: new Error('armed') }, 2);
    await expect(failpoints.hit('a')).rejects.toThrow('armed');
    await expect(failpoints.hit('a')).rejects.toThrow('armed');
    await failpoints.hit('a');
  });

  it('does nothing once disarmed', async () => {
    const failpoints = new Failpoints().arm('a', { type: 'fail', error: new Error('armed') });
    failpoints.disarm('a');
    await failpoints.hit('a');
  });

  it('delays', async () => {
    const failpoints = new Failpoints().arm('a', { type: 'delay', ms: 30 });
    const begin = performance.now();
    await failpoints.hit('a');
    expect(performance.now() - begin).toBeGreaterThan(25);
  });

  it('hangs until the signal aborts', async () => {
    const failpoints = new Failpoints().arm('a', { type: 'hang' });
    const caller = new AbortController();
    const hit = failpoints.hit('a', caller.signal);
    expect(await settled(hit)).toBe('pending');
    caller.abort(new Error('enough'));
    await expect(hit).rejects.toThrow('enough');
  });

  it('crashes the daemon: nothing goes on, not even at other points or on an abort', async () => {
    const failpoints = new Failpoints().arm('a', { type: 'crash' });
    const caller = new AbortController();
    const hit = failpoints.hit('a', caller.signal);
    expect(await failpoints.crashed).toBe('a');
    caller.abort();
    expect(await settled(hit)).toBe('pending');
    expect(await settled(failpoints.hit('b'))).toBe('pending');
  });
});

describe('a backend with failpoints', () => {
  it('passes a point before and after each call', async () => {
    await using rig = await MemoryRig.start();
    const failpoints = new Failpoints();
    const backend = withFailpoints(rig.backend, failpoints);
    await backend.sandboxes.prepare(await rig.makeSandbox(), AbortSignal.timeout(1_000));
    expect(failpoints.reached).toEqual(['backend.sandbox.prepare.before', 'backend.sandbox.prepare.after']);
  });

  it('fails before the call has done anything', async () => {
    await using rig = await MemoryRig.start();
    const failpoints = new Failpoints();
    const backend = withFailpoints(rig.backend, failpoints);
    failpoints.arm('backend.sandbox.prepare.before', { type: 'fail', error: new Error('armed') });
    const prepared = backend.sandboxes.prepare(await rig.makeSandbox(), AbortSignal.timeout(1_000));
    await expect(prepared).rejects.toThrow('armed');
    expect(await rig.leaks()).toEqual([]);
  });
});
