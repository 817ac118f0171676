import { readlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { execSync, freePort, podAddress, removeAllPods, runPod } from '@crihub/tool-fixtures';
import {
  ListPodSandboxRequest,
  NamespaceMode,
  NamespaceOption,
  PortMapping,
  type PodSandboxConfig,
  Protocol,
  RunPodSandboxRequest,
  RuntimeServiceService as runtime,
  UserNamespace,
} from '@crihub/wire/cri';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { podsOf } from './kubelet/calls.ts';
import { eventually } from './kubelet/eventually.ts';
import { TestPod } from './kubelet/test-pod.ts';
import { TESTED_HANDLERS, type TestedHandler } from './node/tested-handlers.ts';
import { TestNode } from './node/test-node.ts';

/** What differs with the version of containerd, the walk with crictl shows. */
const rows = Object.entries(TESTED_HANDLERS)
  .filter(([handler]) => handler !== 'containerd-upstream')
  .map(([handler, start], index) => ({ handler, start, number: 30 + index }));

describe.each(rows)('pods on $handler', ({ handler, number, start }) => {
  let tested: TestedHandler;
  let node: TestNode;

  beforeAll(async () => {
    tested = await start();
    node = await TestNode.start({
      number,
      handlers: (directory) => ({ [handler]: tested.config(directory) }),
    });
  });
  afterEach(async () => {
    await removeAllPods(node.cri);
  });
  afterAll(async () => {
    await node[Symbol.asyncDispose]();
    await tested[Symbol.asyncDispose]();
  });

  it('may be on the network of the node, or are refused', async () => {
    if (!tested.hasHostNetwork) {
      const config = withNamespaces(await node.podConfig('host'), hostNetwork);
      await expect(runPod(node.cri, config)).rejects.toThrow("the node's network");
      return;
    }
    const pod = await TestPod.run(node, withNamespaces(await node.podConfig('host'), hostNetwork));
    const id = await pod.start({ linux: undefined });
    const { stdout } = await execSync(node.cri, id, ['readlink', '/proc/self/ns/net']);
    expect(stdout.toString().trim()).toBe(await readlink('/proc/self/ns/net'));
    expect(await podAddress(node.cri, pod.id)).toBe('');
    await pod.remove();
    expect(await node.leftovers()).toEqual([]);
  });

  it('are reached by the port of the node that they map', async () => {
    const hostPort = await freePort();
    const mapping = PortMapping.create({ protocol: Protocol.TCP, hostPort, containerPort: 8080 });
    const pod = await TestPod.run(node, { ...(await node.podConfig('mapped')), portMappings: [mapping] });
    await pod.start({ command: ['sh', '-c', 'while :; do echo hello | nc -l -p 8080; done'] });
    const answer = await eventually('an answer', async () => await read(hostPort));
    expect(answer).toBe('hello\n');
    await pod.remove();
    await expect(read(hostPort)).resolves.toBeUndefined();
    expect(await node.leftovers()).toEqual([]);
  });

  // Debian's runc is too old to map the owners of volumes.
  it.runIf(handler === 'crun')('may have a user namespace', async () => {
    const pod = await TestPod.run(node, withNamespaces(await node.podConfig('shifted'), userNamespace));
    const id = await pod.start({ linux: undefined });
    const { stdout } = await execSync(node.cri, id, ['cat', '/proc/self/uid_map']);
    expect(stdout.toString().trim().split(/\s+/)).toEqual(['0', '200000', '65536']);
    expect((await execSync(node.cri, id, ['sh', '-c', 'id -u; echo x > /file'])).exitCode).toBe(0);
    await pod.remove();
    expect(await node.leftovers()).toEqual([]);
  });

  it('start and end many at once', async () => {
    const pods = await Promise.all(
      Array.from({ length: tested.podsAtOnce }, async () => {
        const pod = await TestPod.run(node);
        await pod.start();
        return pod;
      }),
    );
    const addresses = await Promise.all(pods.map(async ({ id }) => await podAddress(node.cri, id)));
    expect(new Set(addresses).size).toBe(tested.podsAtOnce);
    await Promise.all(pods.map(async (pod) => await pod.remove()));
    const { items } = await node.cri.call(runtime.listPodSandbox, ListPodSandboxRequest.create());
    expect(items).toEqual([]);
    expect(await node.leftovers()).toEqual([]);
    expect(await tested.leftovers()).toEqual([]);
  });

  it('are made once when two ask for the same at once', async () => {
    const config = await node.podConfig('twin');
    const [first, second] = await Promise.all([runPod(node.cri, config), runPod(node.cri, config)]);
    expect(second).toBe(first);
    expect(await podsOf(node.cri, config)).toEqual([first]);
    await (await TestPod.run(node, config)).remove();
    expect(await node.leftovers()).toEqual([]);
  });

  it('are given to the retry of a caller whose deadline passed', async () => {
    const config = await node.podConfig('slow');
    const request = RunPodSandboxRequest.create({ config });
    await expect(node.cri.call(runtime.runPodSandbox, request, 20)).rejects.toMatchObject({
      kind: 'DeadlineExceeded',
    });
    const id = await runPod(node.cri, config);
    expect(await podsOf(node.cri, config)).toEqual([id]);
    await (await TestPod.run(node, config)).remove();
    expect(await node.leftovers()).toEqual([]);
  });
});

const hostNetwork = NamespaceOption.create({ network: NamespaceMode.NODE, pid: NamespaceMode.CONTAINER });

const mapping = [{ hostId: 200_000, containerId: 0, length: 65_536 }];
const userNamespace = NamespaceOption.create({
  pid: NamespaceMode.CONTAINER,
  usernsOptions: UserNamespace.create({ mode: NamespaceMode.POD, uids: mapping, gids: mapping }),
});

function withNamespaces(config: PodSandboxConfig, namespaceOptions: NamespaceOption): PodSandboxConfig {
  const linux = config.linux as NonNullable<PodSandboxConfig['linux']>;
  const security = linux.securityContext as NonNullable<(typeof linux)['securityContext']>;
  return { ...config, linux: { ...linux, securityContext: { ...security, namespaceOptions } } };
}

/** What a port of loopback says; undefined if nobody listens there. */
async function read(port: number): Promise<string | undefined> {
  const socket = connect(port, '127.0.0.1');
  socket.setTimeout(2_000, () => socket.destroy(new Error('silent')));
  try {
    return await text(socket);
  } catch {
    return undefined; // refused, or cut off: not there
  }
}
