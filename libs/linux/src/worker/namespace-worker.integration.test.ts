import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { mknodSync } from '../syscalls/files.ts';
import { NamespaceWorker } from './namespace-worker.ts';

const unmountNothing = { target: '/no/such/mount' };

describe('NamespaceWorker', () => {
  it('refuses calls after it was closed, which may be repeated', async () => {
    const worker = new NamespaceWorker();
    await worker.call('unmountAt', unmountNothing);
    await worker.close();
    await worker.close();
    await expect(worker.call('unmountAt', unmountNothing)).rejects.toMatchObject({ kind: 'Unavailable' });
  });

  it('rejects what is in flight when it is closed', async () => {
    const worker = new NamespaceWorker();
    const [call] = await Promise.allSettled([worker.call('unmountAt', unmountNothing), worker.close()]);
    expect(call).toMatchObject({ status: 'rejected', reason: { kind: 'Unavailable' } });
  });

  it('gives a thread up that does not answer in time, and starts another', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'crihub-worker-'));
    const path = join(directory, 'fifo');
    mknodSync(path, constants.S_IFIFO | 0o600); // opening it waits for somebody who writes
    const worker = new NamespaceWorker({ callTimeoutMs: 1_000 });
    const calls = await Promise.allSettled([
      worker.call('listAddresses', { path }),
      worker.call('unmountAt', unmountNothing),
    ]);
    expect(calls).toMatchObject([
      { reason: { kind: 'DeadlineExceeded' } },
      { reason: { kind: 'DeadlineExceeded' } },
    ]);
    await worker.call('unmountAt', unmountNothing);
    await worker.close();
    await (await open(path, 'w')).close(); // lets the thread end
    await rm(directory, { recursive: true });
  });

  it('lets a caller leave when its signal aborts', async () => {
    const worker = new NamespaceWorker();
    const controller = new AbortController();
    const call = worker.call('unmountAt', unmountNothing, controller.signal);
    controller.abort(new Error('gone'));
    await expect(call).rejects.toThrow('gone');
    await worker.call('unmountAt', unmountNothing);
    await worker.close();
  });

  it('answers within a fraction of a millisecond once it runs', async () => {
    const worker = new NamespaceWorker();
    await worker.call('unmountAt', unmountNothing);
    const start = performance.now();
    for (let call = 0; call < 500; call += 1) await worker.call('unmountAt', unmountNothing);
    const each = (performance.now() - start) / 500;
    console.info(`one call: ${(each * 1000).toFixed(0)} µs`);
    expect(each).toBeLessThan(5);
    await worker.close();
  });

  it('does not keep the process alive', async () => {
    const file = join(import.meta.dirname, 'namespace-worker.ts');
    const script = `import { NamespaceWorker } from ${JSON.stringify(file)};
      await new NamespaceWorker().call('unmountAt', { target: '/no/such/mount' });
      console.log('done');`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      timeout: 20_000,
    });
    expect(stdout).toBe('done\n');
  });
});
