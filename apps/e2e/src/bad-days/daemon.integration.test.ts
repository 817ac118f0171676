import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { sleep } from '@crihub/kernel';
import { execSync } from '@crihub/tool-fixtures';
import { run, type RunResult } from '@crihub/transport/process';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TestPod } from '../kubelet/test-pod.ts';
import { DAEMON_PROGRAM, daemonEnvironment } from '../node/daemon.ts';
import { TestNode } from '../node/test-node.ts';

/** Runs a daemon that is to refuse. */
const attempt = async (configuration: string): Promise<RunResult> =>
  await run(process.execPath, {
    args: [DAEMON_PROGRAM, '--config', configuration],
    env: daemonEnvironment(path.dirname(configuration)),
    timeoutMs: 20_000,
  });

describe('the daemon', () => {
  let node: TestNode;

  beforeAll(async () => {
    node = await TestNode.start({ number: 24 });
    await node.stopDaemon();
  });
  afterEach(async () => {
    await node.stopDaemon();
  });
  afterAll(async () => {
    await node[Symbol.asyncDispose]();
  });

  it.each([
    ['a wrong type', { drainSeconds: 'soon' }, ['drainSeconds', '"soon"']],
    ['an unknown setting', { sokcet: '/x' }, ['sokcet', 'no setting']],
    ['a value that is not allowed', { cgroupDriver: 'docker' }, ['cgroupDriver', '"docker"', 'systemd']],
    [
      'a backend that is not there',
      { handlers: { runc: { backend: 'rnc' } } },
      ['handlers.runc.backend', 'rnc', 'runc'],
    ],
    [
      'an option that the backend does not take',
      { handlers: { runc: { backend: 'runc', runtme: 'crun' } } },
      ['handlers.runc.runtme'],
    ],
    ['a default handler that is not there', { defaultHandler: 'kata' }, ['defaultHandler', 'kata', 'runc']],
  ])('refuses %s and says where it is', async (_case, mistake, words) => {
    const good = JSON.parse(await readFile(node.configuration, 'utf8')) as object;
    const file = path.join(node.directory, 'wrong.yaml');
    const defaultHandler = 'handlers' in mistake ? { defaultHandler: 'runc' } : {};
    await writeFile(file, JSON.stringify({ ...good, ...defaultHandler, ...mistake }));
    const { exitCode, stdout, stderr } = await attempt(file);
    expect(exitCode).not.toBe(0);
    const said = `${stdout.toString()}${stderr.toString()}`.replaceAll('\\"', '"');
    for (const word of [file, ...words]) expect(said).toContain(word);
  });

  it('says how to come by a configuration where there is none', async () => {
    const { exitCode, stderr } = await attempt(path.join(node.directory, 'nonexistent.yaml'));
    expect(exitCode).not.toBe(0);
    expect(stderr.toString()).toContain('nonexistent.yaml');
  });

  it('refuses to be the second on its socket, and leaves the first alone', async () => {
    await node.startDaemon();
    const pod = await TestPod.run(node);
    const { exitCode, stdout, stderr } = await attempt(node.configuration);
    expect(exitCode).not.toBe(0);
    expect(`${stdout.toString()}${stderr.toString()}`).toContain('crihub.sock');
    const container = await pod.start();
    expect((await execSync(node.cri, container, ['true'])).exitCode).toBe(0);
    await pod.remove();
    expect(await node.leftovers()).toEqual([]);
  });

  it('lets running calls end on SIGTERM, takes no more, and leaves the pods alone', async () => {
    await node.startDaemon();
    const pod = await TestPod.run(node);
    const container = await pod.start();
    const running = execSync(node.cri, container, ['sh', '-c', 'sleep 1; echo done']);
    await sleep(300);
    process.kill(node.daemon.pid, 'SIGTERM');
    expect((await running).stdout.toString()).toBe('done\n');
    expect(await node.daemon.exited).toBe(0);
    await node.stopDaemon();
    await node.startDaemon();
    expect((await execSync(node.cri, container, ['true'])).exitCode).toBe(0);
    await pod.remove();
    expect(await node.leftovers()).toEqual([]);
  });

  it('cuts running calls off on the second SIGTERM', async () => {
    await node.startDaemon();
    const pod = await TestPod.run(node);
    const container = await pod.start();
    const running = execSync(node.cri, container, ['sleep', '60']);
    const failed = expect(running).rejects.toThrow();
    await sleep(300);
    process.kill(node.daemon.pid, 'SIGTERM');
    await sleep(200);
    const start = performance.now();
    process.kill(node.daemon.pid, 'SIGTERM');
    await failed;
    await node.daemon.exited;
    expect(performance.now() - start).toBeLessThan(5_000);
    await node.stopDaemon();
    await node.startDaemon();
    await pod.remove();
    expect(await node.leftovers()).toEqual([]);
  });
});
