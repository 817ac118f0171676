import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container, Sandbox } from '@crihub/contract';
import { run } from '@crihub/transport/process';
import { expect, it } from 'vitest';
import { ContainerdRig } from '../testing/containerd-rig.ts';

const soon = (): AbortSignal => AbortSignal.timeout(30_000);
/** Debian's criu does not know the vDSO of newer kernels. */
const criuWorks = await run('criu', { args: ['check'] }).then(
  ({ exitCode }) => exitCode === 0,
  () => false,
);

async function startOne(rig: ContainerdRig): Promise<{ sandbox: Sandbox; container: Container }> {
  const sandbox = await rig.makeSandbox();
  await rig.backend.sandboxes.prepare(sandbox, soon());
  await rig.backend.sandboxes.start(sandbox, undefined, soon());
  const script = 'i=0; while :; do i=$((i+1)); echo $i; sleep 0.05; done';
  const container = await rig.makeContainer(sandbox, { process: { args: ['/bin/sh', '-c', script] } });
  await rig.backend.containers.create(container, sandbox, soon());
  await mkdir(join(rig.directory, 'checkpoints'));
  return { sandbox, container };
}

const linesOf = async ({ logPath }: Container): Promise<number> =>
  (await readFile(logPath, 'utf8')).split('\n').length;

it.runIf(criuWorks)('writes a running container to an archive, and lets it run on', async () => {
  await using rig = await ContainerdRig.start();
  const { sandbox, container } = await startOne(rig);
  await rig.backend.containers.start(container.id, soon());
  await expect.poll(() => linesOf(container)).toBeGreaterThan(5);
  const archive = join(rig.directory, 'checkpoints/one.tar');
  await rig.backend.checkpoint.checkpoint(container.id, archive, soon());
  const { stdout } = await run('tar', { args: ['--list', '--file', archive] });
  expect(stdout.toString().split('\n')).toEqual(
    expect.arrayContaining(['checkpoint/inventory.img', 'spec.dump', 'config.dump']),
  );
  expect(await readdir(join(rig.directory, 'checkpoints'))).toEqual(['one.tar']);
  const before = await linesOf(container);
  await expect.poll(() => linesOf(container)).toBeGreaterThan(before + 5);
  await rig.backend.sandboxes.remove(sandbox.id, soon());
  expect(await rig.leaks()).toEqual([]);
});

it.skipIf(criuWorks)('says what is missing where CRIU does not work', async () => {
  await using rig = await ContainerdRig.start();
  const { sandbox, container } = await startOne(rig);
  await rig.backend.containers.start(container.id, soon());
  const archive = join(rig.directory, 'checkpoints/one.tar');
  await expect(rig.backend.checkpoint.checkpoint(container.id, archive, soon())).rejects.toMatchObject({
    kind: 'Unimplemented',
    message: expect.stringMatching(/CRIU (is not installed|does not work here: .)/) as unknown,
  });
  expect(await readdir(join(rig.directory, 'checkpoints'))).toEqual([]);
  await rig.backend.sandboxes.remove(sandbox.id, soon());
});

it('refuses a container that does not run', async () => {
  await using rig = await ContainerdRig.start();
  const { sandbox, container } = await startOne(rig);
  const attempt = rig.backend.checkpoint.checkpoint(container.id, join(rig.directory, 'x.tar'), soon());
  await expect(attempt).rejects.toMatchObject({ kind: 'FailedPrecondition' });
  await rig.backend.sandboxes.remove(sandbox.id, soon());
});
