import { rm } from 'node:fs/promises';
import path from 'node:path';
import { execSync } from '@crihub/tool-fixtures';
import { run } from '@crihub/transport/process';
import { AdminService, AuditRequest } from '@crihub/wire/admin';
import { ContainerState } from '@crihub/wire/cri';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { viewContainer } from '../kubelet/calls.ts';
import { eventually } from '../kubelet/eventually.ts';
import { TestPod } from '../kubelet/test-pod.ts';
import { EngineNode } from '../node/engine-node.ts';

let engineNode: EngineNode;
beforeAll(async () => {
  engineNode = await EngineNode.start('containerd', 69);
});
afterAll(async () => engineNode[Symbol.asyncDispose]());

/** containerd dies, and comes back without a trace of the container, whose shim and process run on. */
async function forget(container: string): Promise<void> {
  await engineNode.killEngine();
  await rm(path.join(engineNode.directory, 'state/io.containerd.runtime.v2.task/crihub', container), {
    recursive: true,
  });
  await engineNode.startEngine();
  const args = [
    '--address',
    engineNode.engine.socket,
    '--namespace',
    'crihub',
    'containers',
    'delete',
    container,
  ];
  expect((await run('ctr', { args })).exitCode).toBe(0);
}

/** What the audit finds wrong, once it does not say Unavailable any more. */
const audit = async (): Promise<readonly string[]> =>
  (await engineNode.node.cri.call(AdminService.audit, AuditRequest.create())).findings.map(
    ({ kind, id }) => `${kind} ${id}`,
  );

it(
  'that containerd has forgotten are found by the audit, and end with what they run, and nothing else does',
  { timeout: 60_000 },
  async () => {
    const { node } = engineNode;
    const [kept, lost] = [await TestPod.run(node), await TestPod.run(node)];
    const [staying, forgotten] = [await kept.start(), await lost.start()];
    await forget(forgotten);
    await eventually(
      'the leaked shim among the findings',
      async () => ((await audit()).some((line) => line.endsWith(`Sandbox ${forgotten}`)) ? true : undefined),
      20_000,
    );
    const ofForgotten = (await node.leftovers()).filter(
      (line) => line.startsWith('process') && line.includes(forgotten.slice(0, 16)),
    );
    expect(ofForgotten).toEqual([]);
    expect((await viewContainer(node.cri, forgotten)).status).toMatchObject({
      state: ContainerState.CONTAINER_EXITED,
      exitCode: 255,
    });
    expect((await execSync(node.cri, staying, ['true'])).exitCode).toBe(0);
    expect(await audit()).toEqual([]);
    for (const pod of [kept, lost]) await pod.remove();
    expect(await node.leftovers()).toEqual([]);
  },
);
