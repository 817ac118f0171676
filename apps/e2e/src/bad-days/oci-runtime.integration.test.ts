import path from 'node:path';
import { execSync, startContainer } from '@crihub/tool-fixtures';
import { ContainerState } from '@crihub/wire/cri';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { removeContainer, viewContainer } from '../kubelet/calls.ts';
import { TestPod } from '../kubelet/test-pod.ts';
import { ociHandler } from '../node/daemon-config.ts';
import { MisbehavingProgram } from '../node/misbehaving-program.ts';
import { TestNode } from '../node/test-node.ts';

const FAILS = 'echo "out of luck" >&2; exit 1';
const HANGS = 'exec sleep 1000';
const RUBBISH = 'echo "%$ {]"; exit 0';
/** The time that the handler gives its runtime, and what may come on top of it. */
const TIMEOUT_MS = 1_500;
const BOUND_MS = 8_000;

describe('an OCI runtime that misbehaves', () => {
  let node: TestNode;
  let runtime: MisbehavingProgram;

  beforeAll(async () => {
    node = await TestNode.start({
      number: 20,
      handlers: (directory) => ({
        faulty: ociHandler(directory, path.join(directory, 'runtime'), {
          createTimeoutMs: TIMEOUT_MS,
          callTimeoutMs: TIMEOUT_MS,
        }),
      }),
      prepare: async (directory) => {
        runtime = await MisbehavingProgram.make(path.join(directory, 'runtime'), 'runc');
      },
    });
  });
  afterEach(async () => {
    await runtime.behave();
  });
  afterAll(async () => {
    await node[Symbol.asyncDispose]();
  });

  it.each([
    ['fails', FAILS, 'FailedPrecondition', 'out of luck'],
    ['hangs', HANGS, 'DeadlineExceeded', 'creating the container'],
    ['prints rubbish and makes nothing', RUBBISH, 'FailedPrecondition', ''],
  ])('that %s at create fails CreateContainer alone', async (_case, script, kind, words) => {
    const pod = await TestPod.run(node);
    await runtime.misbehave('create', script);
    const start = performance.now();
    await expect(pod.create()).rejects.toMatchObject({
      kind,
      message: expect.stringContaining(words) as string,
    });
    expect(performance.now() - start).toBeLessThan(BOUND_MS);
    await runtime.behave();
    await pod.start();
    await pod.remove();
    expect(await node.leftovers()).toEqual([]);
  });

  it('that fails at start leaves a container that says why', async () => {
    const pod = await TestPod.run(node);
    const id = await pod.create();
    await runtime.misbehave('start', FAILS);
    await expect(startContainer(node.cri, id)).rejects.toMatchObject({ kind: 'FailedPrecondition' });
    const { status } = await viewContainer(node.cri, id);
    expect(status).toMatchObject({
      state: ContainerState.CONTAINER_EXITED,
      reason: 'ContainerCannotRun',
      exitCode: 128,
      message: expect.stringContaining('out of luck') as string,
    });
    await runtime.behave();
    await pod.remove();
    expect(await node.leftovers()).toEqual([]);
  });

  it('that hangs at start is given up in time', async () => {
    const pod = await TestPod.run(node);
    const id = await pod.create();
    await runtime.misbehave('start', HANGS);
    const start = performance.now();
    await expect(startContainer(node.cri, id)).rejects.toMatchObject({ kind: 'DeadlineExceeded' });
    expect(performance.now() - start).toBeLessThan(BOUND_MS);
    await runtime.behave();
    await pod.remove();
    expect(await node.leftovers()).toEqual([]);
  });

  it('that fails at delete is not needed to remove a container', async () => {
    const pod = await TestPod.run(node);
    const id = await pod.start();
    await runtime.misbehave('delete', FAILS);
    await removeContainer(node.cri, id);
    await pod.remove();
    expect(await node.leftovers()).toEqual([]);
  });

  it.each([
    ['fails', FAILS],
    ['prints rubbish', RUBBISH],
  ])('that %s at exec fails the command, and not the container', async (_case, script) => {
    const pod = await TestPod.run(node);
    const id = await pod.start();
    await runtime.misbehave('exec', script);
    expect((await execSync(node.cri, id, ['true'])).exitCode).toBe(127);
    await runtime.behave();
    expect((await execSync(node.cri, id, ['true'])).exitCode).toBe(0);
    await pod.remove();
    expect(await node.leftovers()).toEqual([]);
  });
});
