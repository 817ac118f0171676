import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { detectCgroupLayout, processCgroups, rootOfController } from '@crihub/linux';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './kubelet/eventually.ts';
import { Crictl } from './node/crictl.ts';
import { TESTED_HANDLERS, type TestedHandler } from './node/tested-handlers.ts';
import { BUSYBOX, TestNode } from './node/test-node.ts';

const ID = /^[0-9a-f]{64}$/;
const rows = Object.entries(TESTED_HANDLERS).map(([handler, start], index) => ({
  ...{ handler, start },
  number: 10 + index,
}));

/** One walk through a pod's life with each command of crictl; the tests build on each other. */
describe.each(rows)('crictl on handler $handler', ({ handler, number, start }) => {
  let tested: TestedHandler;
  let node: TestNode;
  let crictl: Crictl;
  let events: Awaited<ReturnType<Crictl['follow']>>;
  let pod: string;
  let container: string;

  beforeAll(async () => {
    tested = await start();
    node = await TestNode.prepare({
      number,
      handlers: (directory) => ({ [handler]: tested.config(directory) }),
    });
    await node.startDaemon();
    crictl = await Crictl.for(node.daemon.socket);
    events = await crictl.follow('events');
  });
  afterAll(async () => {
    await node[Symbol.asyncDispose]();
    await tested[Symbol.asyncDispose]();
    events[Symbol.dispose]();
  });

  it('version names the runtime', async () => {
    const text = await crictl.run('version');
    expect(text).toMatch(/RuntimeName: +crihub/);
    expect(text).toMatch(/RuntimeApiVersion: +v1/);
  });

  it('info says that runtime and network are ready, and lists the handler', async () => {
    const info = (await crictl.json('info')) as { status: { conditions: unknown[] } };
    expect(info).toMatchObject({
      status: {
        conditions: expect.arrayContaining([
          expect.objectContaining({ type: 'RuntimeReady', status: true }),
          expect.objectContaining({ type: 'NetworkReady', status: true }),
        ]) as unknown,
      },
      runtimeHandlers: expect.arrayContaining([expect.objectContaining({ name: handler })]) as unknown,
    });
  });

  it('runtime-config names the cgroup driver', async () => {
    expect(await crictl.run('runtime-config')).toContain('CGROUPFS');
  });

  it('pull takes a tag', async () => {
    expect(await crictl.run('pull', BUSYBOX)).toMatch(/Image is up to date for sha256:/);
  });

  it('images and inspecti show what was pulled', async () => {
    expect(await crictl.json('images')).toMatchObject({
      images: [{ repoTags: [BUSYBOX], id: expect.stringMatching(/^sha256:/) as string }],
    });
    const image = (await crictl.json('inspecti', BUSYBOX)) as { status: { repoDigests: string[] } };
    expect(image.status.repoDigests[0]).toMatch(/^registry\.k8s\.io\/e2e-test-images\/busybox@sha256:/);
  });

  it('pull takes a digest', async () => {
    const image = (await crictl.json('inspecti', BUSYBOX)) as { status: { repoDigests: string[] } };
    const byDigest = image.status.repoDigests[0] ?? '';
    expect(await crictl.run('pull', byDigest)).toContain('Image is up to date');
    expect(((await crictl.json('images')) as { images: unknown[] }).images).toHaveLength(1);
  });

  it('pull says why an image can not be had', async () => {
    const { exitCode, stderr } = await crictl.attempt('pull', 'registry.k8s.io/e2e-test-images/none:1');
    expect(exitCode).not.toBe(0);
    expect(stderr.toString()).toContain('none:1');
  });

  it('imagefsinfo measures the image store', async () => {
    const { status } = (await crictl.json('imagefsinfo')) as {
      status: { imageFilesystems: { fsId: { mountpoint: string }; usedBytes: { value: string } }[] };
    };
    expect(status.imageFilesystems[0]?.fsId.mountpoint).toContain(node.directory);
    expect(Number(status.imageFilesystems[0]?.usedBytes.value)).toBeGreaterThan(100_000);
  });

  it('runp runs a pod, and pods lists it', async () => {
    const config = await node.podConfig('walk');
    await writeFile(
      path.join(node.directory, 'pod.json'),
      JSON.stringify({
        metadata: config.metadata,
        hostname: 'walk',
        log_directory: config.logDirectory,
        labels: { app: 'walk' },
        linux: {
          cgroup_parent: config.linux?.cgroupParent,
          security_context: { namespace_options: { pid: 1 } },
        },
      }),
    );
    pod = (await crictl.run('runp', '--runtime', handler, podFile())).trim();
    expect(pod).toMatch(ID);
    expect(await crictl.json('pods', '--label', 'app=walk', '--state', 'ready')).toMatchObject({
      items: [{ id: pod, metadata: { name: 'walk' }, runtimeHandler: handler }],
    });
    expect(await crictl.json('inspectp', pod)).toMatchObject({
      status: { id: pod, state: 'SANDBOX_READY', network: { ip: expect.stringMatching(/^10\./) as string } },
    });
  });

  it('create and start make a container run, and ps lists it', async () => {
    const script = 'echo out; echo err >&2; i=0; while :; do echo line $i; i=$((i+1)); sleep 0.2; done';
    await writeFile(
      path.join(node.directory, 'container.json'),
      JSON.stringify({
        metadata: { name: 'main' },
        image: { image: BUSYBOX },
        command: ['sh', '-c', script],
        envs: [{ key: 'COLOUR', value: 'green' }],
        log_path: 'main.log',
        linux: {
          resources: { memory_limit_in_bytes: 64 * 1024 * 1024 },
          security_context: { namespace_options: { pid: 1 } },
        },
      }),
    );
    container = (await crictl.run('create', pod, containerFile(), podFile())).trim();
    expect(container).toMatch(ID);
    await crictl.run('start', container);
    expect(await crictl.json('ps')).toMatchObject({
      containers: [{ id: container, state: 'CONTAINER_RUNNING', podSandboxId: pod }],
    });
    expect(await crictl.json('inspect', container)).toMatchObject({
      status: {
        id: container,
        state: 'CONTAINER_RUNNING',
        imageRef: expect.stringContaining('sha256:') as string,
      },
      info: tested.showsProcesses ? { pid: expect.any(Number) as number } : {},
    });
  });

  it('exec -s runs a command and tells its exit code', async () => {
    const output = await crictl.run('exec', '-s', container, 'sh', '-c', 'echo $COLOUR; hostname');
    expect(output.trim()).toBe('green\nwalk');
    const { exitCode, stderr } = await crictl.attempt('exec', '-s', container, 'sh', '-c', 'exit 9');
    expect(exitCode).not.toBe(0);
    expect(stderr.toString()).toContain('9');
  });

  it('logs prints both streams, the last lines only, and goes on with -f', async () => {
    const { stdout, stderr } = await crictl.attempt('logs', container);
    expect(stdout.toString()).toMatch(/^out\n/);
    expect(stderr.toString()).toContain('err\n');
    expect((await crictl.run('logs', '--tail', '1', container)).trim().split('\n')).toHaveLength(1);
    using following = await crictl.follow('logs', '-f', '--tail', '1', container);
    await eventually('three more lines', async () => following.output().split('\n').length > 4 || undefined);
  });

  it('stats measures the container', async () => {
    const { stats } = (await crictl.json('stats', '--id', container)) as {
      stats: { attributes: { id: string }; memory: { workingSetBytes: { value: string } } }[];
    };
    expect(stats[0]?.attributes.id).toBe(container);
    expect(Number(stats[0]?.memory.workingSetBytes.value)).toBeGreaterThan(10_000);
  });

  it('statsp measures the pod with its network', async () => {
    const { stats } = (await crictl.json('statsp', '--id', pod)) as {
      stats: {
        attributes: { id: string };
        linux: { network: { defaultInterface: { name: string } }; containers: unknown[] };
      }[];
    };
    expect(stats[0]).toMatchObject({
      attributes: { id: pod },
      linux: { network: { defaultInterface: { name: 'eth0' } }, containers: [{}] },
    });
  });

  it('metricdescs and metricsp give what cAdvisor would', async () => {
    expect(await crictl.run('metricdescs')).toContain('container_threads');
    expect(await crictl.run('metricsp')).toContain('container_memory_working_set_bytes');
  });

  it('update changes the memory limit in the cgroup', async () => {
    await crictl.run('update', '--memory', String(128 * 1024 * 1024), container);
    expect(await memoryLimitOf(container)).toBe(128 * 1024 * 1024);
  });

  it('rmi refuses an image in use', async () => {
    const { exitCode, stderr } = await crictl.attempt('rmi', BUSYBOX);
    expect(exitCode).not.toBe(0);
    expect(stderr.toString()).toMatch(/in use|used by/);
  });

  it('stop ends the container, and rm removes it', async () => {
    await crictl.run('stop', '--timeout', '0', container);
    expect(await crictl.json('ps', '-a')).toMatchObject({
      containers: [{ id: container, state: 'CONTAINER_EXITED' }],
    });
    expect(await crictl.json('inspect', container)).toMatchObject({ status: { exitCode: 137 } });
    await crictl.run('rm', container);
    expect(await crictl.json('ps', '-a')).toMatchObject({ containers: [] });
  });

  it('stopp and rmp remove the pod', async () => {
    await crictl.run('stopp', pod);
    expect(await crictl.json('pods')).toMatchObject({ items: [{ id: pod, state: 'SANDBOX_NOTREADY' }] });
    await crictl.run('rmp', pod);
    expect(await crictl.json('pods')).toMatchObject({ items: [] });
    expect(await node.leftovers()).toEqual([]);
    expect(await tested.leftovers()).toEqual([]);
  });

  it('events told of all that, in order', async () => {
    const of = (id: string): readonly string[] =>
      eventsIn(events.output()).flatMap((event) =>
        event.containerId === id ? [event.containerEventType.replace(/^CONTAINER_|_EVENT$/g, '')] : [],
      );
    await eventually('the last event', async () => of(pod).includes('DELETED') || undefined);
    expect(of(container)).toEqual(['CREATED', 'STARTED', 'STOPPED', 'DELETED']);
    expect(of(pod)).toEqual(['CREATED', 'STARTED', 'STOPPED', 'DELETED']);
  });

  it('rmi removes an image that nobody uses', async () => {
    const { images } = (await crictl.json('images')) as { images: { id: string }[] };
    await crictl.run('rmi', BUSYBOX);
    expect(await crictl.json('images')).toMatchObject({ images: [] });
    expect(await tested.hasImage(images[0]?.id ?? '')).toBe(false);
  });

  /** As the host has it, or the guest of a virtual machine. */
  const memoryLimitOf = async (id: string): Promise<number> => {
    if (!tested.showsProcesses)
      return Number(await crictl.run('exec', '-s', id, 'cat', '/sys/fs/cgroup/memory.max'));
    const { info } = (await crictl.json('inspect', id)) as { info: { pid: number } };
    return await memoryLimit(info.pid);
  };
  const podFile = (): string => path.join(node.directory, 'pod.json');
  const containerFile = (): string => path.join(node.directory, 'container.json');
});

/** Of the cgroup that a process is in. */
async function memoryLimit(pid: number): Promise<number> {
  const cgroups = await processCgroups(pid);
  const group = cgroups?.controllers.get('memory') ?? cgroups?.unified ?? '';
  const layout = await detectCgroupLayout();
  const file = layout.version === 'v2' ? 'memory.max' : 'memory.limit_in_bytes';
  return Number(await readFile(path.join(rootOfController(layout, 'memory') ?? '', group, file), 'utf8'));
}

interface EventOutput {
  readonly containerId: string;
  readonly containerEventType: string;
}

/** crictl prints one JSON object after the other, over several lines each. */
const eventsIn = (output: string): readonly EventOutput[] =>
  output
    .split(/^(?=\{)/m)
    .filter((text) => text.trim().endsWith('}'))
    .map((text) => JSON.parse(text) as EventOutput);
