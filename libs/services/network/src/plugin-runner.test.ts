import { chmod, mkdir, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ErrorKind } from '@crihub/kernel';
import { expect, it, vi } from 'vitest';
import { type PluginCall, PluginRunner } from './plugin-runner.ts';
import { FakePlugins } from './testing/fake-plugins.ts';

const call: PluginCall = {
  command: 'ADD',
  plugin: 'fake',
  network: 'net',
  config: { cniVersion: '1.0.0', name: 'net', type: 'fake' },
  subject: { containerId: 'abc', netns: '/run/netns/abc', interfaceName: 'eth0', args: 'K=V' },
};

async function withFake(work: (plugins: FakePlugins, runner: PluginRunner) => Promise<void>): Promise<void> {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'cni-bin-'));
  const plugins = await FakePlugins.install(directory.path, 'fake');
  const runner = new PluginRunner({
    binDirectories: ['/nonexistent', directory.path],
    timeouts: { ADD: 1_000 },
  });
  await work(plugins, runner);
}

it('tells the plugin what the specification says, and nothing of our own environment', async () => {
  await withFake(async (plugins, runner) => {
    await plugins.tell('fake', 'ADD', 'env > "$here/env"');
    await runner.call(call);
    expect(await plugins.calls()).toEqual([
      {
        plugin: 'fake',
        command: 'ADD',
        containerId: 'abc',
        netns: '/run/netns/abc',
        interfaceName: 'eth0',
        args: 'K=V',
        path: `/nonexistent:${plugins.directory}`,
        config: call.config,
      },
    ]);
    expect(await readFile(join(plugins.directory, 'env'), 'utf8')).not.toMatch(/^(HOME|VITEST|NODE)/m);
  });
});

it.each<[string, string, ErrorKind, RegExp]>([
  [
    'an error of its own',
    `echo '{"cniVersion":"1.0.0","code":7,"msg":"bad\\\\nconfig","details":"mtu"}'; exit 1`,
    'Internal',
    /^CNI plugin fake \(ADD, network net\) failed with code 7: bad config \(mtu\)$/,
  ],
  ['code 11', `echo '{"code":11,"msg":"later"}'; exit 1`, 'Unavailable', /code 11: later$/],
  ['code 50', `echo '{"code":50,"msg":"no"}'; exit 1`, 'Unavailable', /code 50: no$/],
  ['code 51', `echo '{"code":51,"msg":"no"}'; exit 1`, 'Unavailable', /code 51: no$/],
  [
    'rubbish',
    'echo what; echo why >&2; exit 3',
    'Internal',
    /exited with 3 and printed what and complained why$/,
  ],
  ['silence', 'exit 1', 'Internal', /exited with 1 and printed nothing$/],
  ['a crash', 'kill -SEGV $$', 'Internal', /was killed by signal 11 and printed nothing$/],
  [
    'slowness',
    'sleep 60',
    'DeadlineExceeded',
    /^CNI plugin fake .* took longer than 1000 ms and was killed$/,
  ],
  [
    'slowness, deaf to SIGTERM',
    "trap '' TERM; while :; do sleep 60; done",
    'DeadlineExceeded',
    /took longer than 1000 ms/,
  ],
  ['a flood', 'head -c 3000000 /dev/zero', 'Internal', /printed more than 1048576 bytes$/],
])('fails with a sentence for %s', async (_sentence, shell, kind, message) => {
  await withFake(async (plugins, runner) => {
    await plugins.tell('fake', 'ADD', shell);
    const failure = runner.call(call);
    await expect(failure).rejects.toThrow(message);
    await expect(failure).rejects.toMatchObject({ kind });
  });
});

it('quotes no more than a bounded part of what a plugin prints', async () => {
  await withFake(async (plugins, runner) => {
    await plugins.tell('fake', 'ADD', "head -c 100000 /dev/zero | tr '\\0' x >&2; exit 1");
    const error = await runner.call(call).then(
      () => undefined,
      (reason: unknown) => reason as Error,
    );
    expect(error?.message.length).toBeLessThan(1_200);
  });
});

it('kills the plugin and its children when the caller gives up', async () => {
  await withFake(async (plugins, runner) => {
    await plugins.tell('fake', 'ADD', 'sleep 61 & echo $! > "$here/child"; wait');
    const aborter = new AbortController();
    const failure = expect(runner.call(call, aborter.signal)).rejects.toThrow('not wanted');
    const child = await vi.waitFor(async () => {
      const pid = Number(await readFile(join(plugins.directory, 'child'), 'utf8'));
      expect(pid).toBeGreaterThan(0);
      return pid;
    });
    aborter.abort(new Error('not wanted'));
    await failure;
    await vi.waitFor(async () => expect(await isRunning(child)).toBe(false));
  });
});

async function isRunning(pid: number): Promise<boolean> {
  try {
    return !/^State:\s+Z/m.test(await readFile(`/proc/${String(pid)}/status`, 'utf8'));
  } catch {
    return false; // no such process
  }
}

it('says where it looked for a plugin that is not there', async () => {
  const runner = new PluginRunner({ binDirectories: ['/nonexistent', '/etc/passwd'] });
  await expect(runner.call(call)).rejects.toMatchObject({
    kind: 'FailedPrecondition',
    message: expect.stringContaining('no such program in /nonexistent, /etc/passwd') as string,
  });
});

it('names a plugin that is not executable, and passes over directories of its name', async () => {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'cni-bin-'));
  await mkdir(join(directory.path, 'first', 'fake'), { recursive: true });
  await mkdir(join(directory.path, 'second'));
  await writeFile(join(directory.path, 'second', 'fake'), '');
  await chmod(join(directory.path, 'second', 'fake'), 0o644);
  const binDirectories = [join(directory.path, 'first'), join(directory.path, 'second')];
  await expect(new PluginRunner({ binDirectories }).call(call)).rejects.toThrow(
    /second\/fake is not executable/,
  );
});
