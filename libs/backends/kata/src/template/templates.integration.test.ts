import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sandbox, StartedSandbox } from '@crihub/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KataRig } from '../testing/kata-rig.ts';

const soon = (): AbortSignal => AbortSignal.timeout(60_000);

/** The tests build on each other: the first pod boots, and has the template made. */
describe('machines restored from a template', { timeout: 60_000 }, () => {
  let rig: KataRig;
  beforeAll(async () => {
    rig = await KataRig.start({ template: true });
  });
  afterAll(async () => rig[Symbol.asyncDispose](), 60_000);

  const templates = async (): Promise<readonly string[]> => readdir(join(rig.directory, 'state/templates'));
  const runPod = async (): Promise<{ sandbox: Sandbox; started: StartedSandbox }> => {
    const sandbox = await rig.makeSandbox();
    await rig.backend.sandboxes.prepare(sandbox, soon());
    return { sandbox, started: await rig.backend.sandboxes.start(sandbox, undefined, soon()) };
  };
  const untilMade = async (): Promise<void> =>
    await expect
      .poll(templates, { timeout: 60_000, interval: 100 })
      .toEqual([expect.stringMatching(/^[0-9a-f]+$/)]);
  const ask = async (sandbox: Sandbox, script: string): Promise<readonly string[]> => {
    const reply = await rig.backend.containers.executorOf(sandbox.id)?.shell.run(script);
    return reply?.output.trim().split('\n') ?? [];
  };

  it('are those of all pods but the first, which boots', async () => {
    const first = await runPod();
    expect(Object.keys(first.started.phases ?? {})).toEqual(['boot', 'ssh']);
    await rig.backend.sandboxes.remove(first.sandbox.id, soon());
    await untilMade();
    expect(await readdir(join(rig.directory, 'run/spares'))).toEqual([]);
    const second = await runPod();
    expect(Object.keys(second.started.phases ?? {})).toEqual(['restore', 'ssh']);
    await rig.backend.sandboxes.remove(second.sandbox.id, soon());
  });

  it('have random numbers, keys, an identity and the time of their own', async () => {
    const script = [
      'head -c 32 /dev/urandom | od -An -tx1 | tr -d " \\n"; echo',
      'cat /proc/sys/kernel/random/boot_id',
      'sha256sum < /run/ssh/host_key',
      'sha256sum < /run/ssh/authorized_keys',
      'cat /proc/sys/kernel/random/uuid',
    ].join('\n');
    const pods = await Promise.all([runPod(), runPod()]);
    const answers = await Promise.all(pods.map(({ sandbox }) => ask(sandbox, script)));
    expect(answers.map((lines) => lines.length)).toEqual([5, 5]);
    const [one = [], two = []] = answers;
    expect(one.filter((line) => two.includes(line))).toEqual([]);
    for (const { sandbox } of pods) {
      const [seconds] = await ask(sandbox, 'date +%s');
      expect(Math.abs(Number(seconds) - Date.now() / 1000)).toBeLessThan(2);
      await rig.backend.sandboxes.remove(sandbox.id, soon());
    }
  });

  it('are gone on with by the next daemon, and the template is, too', async () => {
    const { sandbox } = await runPod();
    const backend = await rig.reopen();
    const { sandboxes } = await backend.inventory(soon());
    expect(sandboxes.map(({ state }) => state)).toEqual(['running']);
    await backend.sandboxes.remove(sandbox.id, soon());
    const { sandbox: next, started } = await runPod();
    expect(started.phases).toHaveProperty('restore');
    await backend.sandboxes.remove(next.id, soon());
  });

  it('boot in place of a template that can not be read, which is removed', async () => {
    const [key = ''] = await templates();
    await writeFile(join(rig.directory, 'state/templates', key, 'state'), 'nonsense');
    const { sandbox, started } = await runPod();
    expect(started.phases).toHaveProperty('boot');
    expect(await templates()).toEqual([]);
    await rig.backend.sandboxes.remove(sandbox.id, soon());
  });

  it('leave nothing behind but the template', async () => {
    expect(await rig.leaks()).toEqual([]);
  });
});
