import { kindOf } from '@crihub/kernel';
import { ContainerState, LinuxContainerResources, PodSandboxState } from '@crihub/wire/cri';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { containerConfig, HubRig, sandboxConfig } from './testing/hub-rig.ts';

let rig: HubRig;
beforeEach(async () => {
  rig = await HubRig.start();
});
afterEach(async () => await rig[Symbol.asyncDispose]());

async function kindOfFailure(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => 'none',
    (error: unknown) => kindOf(error),
  );
}

async function containerStatus(
  containerId: string,
): Promise<{ state: ContainerState; exitCode: number; reason: string }> {
  const answer = await rig.runtime.ContainerStatus({ containerId, verbose: false }, rig.context);
  if (!('status' in answer) || answer.status === undefined) throw new Error('no status');
  return answer.status;
}

async function sandboxState(podSandboxId: string): Promise<PodSandboxState | undefined> {
  const answer = await rig.runtime.PodSandboxStatus({ podSandboxId, verbose: true }, rig.context);
  return 'status' in answer ? answer.status?.state : undefined;
}

async function start(containerId: string): Promise<void> {
  await rig.runtime.StartContainer({ containerId }, rig.context);
}

async function stop(containerId: string, timeout = 5n): Promise<void> {
  await rig.runtime.StopContainer({ containerId, timeout }, rig.context);
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('the condition never held');
}

describe('a pod from end to end', () => {
  it('runs, starts a container, stops and leaves nothing', async () => {
    const pod = await rig.runSandbox();
    const container = await rig.createContainer(pod);
    expect((await containerStatus(container)).state).toBe(ContainerState.CONTAINER_CREATED);
    await start(container);
    expect((await containerStatus(container)).state).toBe(ContainerState.CONTAINER_RUNNING);
    await stop(container);
    expect(await containerStatus(container)).toMatchObject({
      state: ContainerState.CONTAINER_EXITED,
      exitCode: 143,
    });
    await rig.runtime.RemoveContainer({ containerId: container }, rig.context);
    await rig.runtime.StopPodSandbox({ podSandboxId: pod }, rig.context);
    expect(await sandboxState(pod)).toBe(PodSandboxState.SANDBOX_NOTREADY);
    await rig.runtime.RemovePodSandbox({ podSandboxId: pod }, rig.context);
    expect(await rig.leftovers()).toEqual([]);
  });

  it.each([
    ['a clean end', 'exit 0', 0, 'Completed'],
    ['a failure', 'exit 3', 3, 'Error'],
    ['the kernel running out of memory', 'oom', 137, 'OOMKilled'],
  ])('tells %s by code and reason', async (_case, script, exitCode, reason) => {
    const pod = await rig.runSandbox();
    const container = await rig.createContainer(pod, 'main', { command: script.split(' ') });
    await start(container);
    await until(async () => (await containerStatus(container)).state === ContainerState.CONTAINER_EXITED);
    expect(await containerStatus(container)).toMatchObject({ exitCode, reason });
  });

  it('records a program that can not be run as such', async () => {
    const pod = await rig.runSandbox();
    const container = await rig.createContainer(pod, 'main', { command: ['no-such-program'] });
    expect(await kindOfFailure(start(container))).toBe('FailedPrecondition');
    expect(await containerStatus(container)).toMatchObject({
      state: ContainerState.CONTAINER_EXITED,
      exitCode: 128,
      reason: 'ContainerCannotRun',
    });
  });
});

describe('creations', () => {
  it('give a retry the result of the creation that is under way', async () => {
    rig.backendFailpoints.arm('backend.sandbox.prepare.before', { type: 'delay', ms: 100 });
    const [first, second] = await Promise.all([rig.runSandbox(), rig.runSandbox()]);
    expect(second).toBe(first);
  });

  it('go on after their caller has left, and the retry gets them', async () => {
    rig.backendFailpoints.arm('backend.sandbox.prepare.before', { type: 'delay', ms: 150 });
    const request = { config: sandboxConfig('pod'), runtimeHandler: '' };
    const early = rig.runtime.RunPodSandbox(request, { signal: AbortSignal.timeout(30), method: 'test' });
    expect(await kindOfFailure(early)).toBe('DeadlineExceeded');
    const id = await rig.runSandbox();
    expect(await rig.runSandbox()).toBe(id);
  });

  it('refuse another configuration under the same name', async () => {
    await rig.runSandbox('pod');
    expect(await kindOfFailure(rig.runSandbox('pod', { labels: { other: 'yes' } }))).toBe('AlreadyExists');
  });

  it('refuse another configuration also while the first creation is under way', async () => {
    rig.backendFailpoints.arm('backend.sandbox.prepare.before', { type: 'delay', ms: 100 });
    const first = rig.runSandbox();
    expect(await kindOfFailure(rig.runSandbox('pod', { labels: { other: 'yes' } }))).toBe('AlreadyExists');
    await first;
  });

  it.each(['sandbox.prepare.before', 'sandbox.prepare.after', 'sandbox.start.before', 'sandbox.start.after'])(
    'leave nothing of a pod when the backend fails at %s, and succeed when repeated',
    async (point) => {
      rig.backendFailpoints.arm(`backend.${point}`, { type: 'fail', error: new Error('injected') });
      await expect(rig.runSandbox()).rejects.toThrow('injected');
      expect(await rig.leftovers()).toEqual([]);
      expect(await sandboxState(await rig.runSandbox())).toBe(PodSandboxState.SANDBOX_READY);
    },
  );

  it('give the network back when ADD fails half way', async () => {
    rig.network.failNextAttach = new Error('no addresses left');
    await expect(rig.runSandbox()).rejects.toThrow('no addresses left');
    expect(await rig.leftovers()).toEqual([]);
  });

  it('owe what can not be undone, and show nothing of it', async () => {
    rig.network.failNextAttach = new Error('no addresses left');
    rig.network.failNextDetach = new Error('plugin is missing');
    await expect(rig.runSandbox()).rejects.toThrow('no addresses left');
    expect(rig.hub.figures().owedWork).toBe(1);
    const pod = await rig.runtime.ListPodSandbox({ filter: undefined }, rig.context);
    expect('bytes' in pod ? pod.bytes.length : -1).toBe(0);
    await rig.reopenAfterDeath();
    expect(await rig.leftovers()).toEqual([]);
  });

  it.each(['container.create.before', 'container.create.after'])(
    'leave nothing of a container when the backend fails at %s',
    async (point) => {
      const pod = await rig.runSandbox();
      rig.backendFailpoints.arm(`backend.${point}`, { type: 'fail', error: new Error('injected') });
      await expect(rig.createContainer(pod)).rejects.toThrow('injected');
      expect(await rig.createContainer(pod)).toMatch(/^[0-9a-f]{64}$/);
      await rig.runtime.RemovePodSandbox({ podSandboxId: pod }, rig.context);
      expect(await rig.leftovers()).toEqual([]);
    },
  );

  it('finish an owed removal of the same container first', async () => {
    const pod = await rig.runSandbox();
    rig.backendFailpoints.arm('backend.container.create.after', {
      type: 'fail',
      error: new Error('injected'),
    });
    rig.backendFailpoints.arm('backend.container.remove.before', { type: 'fail', error: new Error('busy') });
    await expect(rig.createContainer(pod)).rejects.toThrow('injected');
    expect(rig.hub.figures().owedWork).toBe(1);
    expect(await rig.createContainer(pod)).toMatch(/^[0-9a-f]{64}$/);
    expect(rig.hub.figures().owedWork).toBe(0);
  });

  it('are refused in a pod that is stopped', async () => {
    const pod = await rig.runSandbox();
    await rig.runtime.StopPodSandbox({ podSandboxId: pod }, rig.context);
    expect(await kindOfFailure(rig.createContainer(pod))).toBe('FailedPrecondition');
  });

  it('are refused for an image that is not there', async () => {
    const pod = await rig.runSandbox();
    const config = containerConfig('main', {
      image: { ...containerConfig('x').image, image: 'other:1' } as never,
    });
    expect(await kindOfFailure(rig.createContainer(pod, 'main', config))).toBe('NotFound');
  });

  it('are refused for a handler that does not exist, naming those that do', async () => {
    const request = { config: sandboxConfig('pod'), runtimeHandler: 'kata' };
    await expect(rig.runtime.RunPodSandbox(request, rig.context)).rejects.toThrow(/'kata'.*memory/);
  });
});

describe('stopping and removing', () => {
  it.each(['StopPodSandbox', 'RemovePodSandbox'] as const)(
    '%s succeeds for an unknown pod',
    async (method) => {
      await rig.runtime[method]({ podSandboxId: 'nowhere' }, rig.context);
    },
  );

  it('StopContainer and RemoveContainer succeed for an unknown container', async () => {
    await stop('nowhere');
    await rig.runtime.RemoveContainer({ containerId: 'nowhere' }, rig.context);
  });

  it('kills a container that ignores its signal, after the grace', async () => {
    const pod = await rig.runSandbox();
    const container = await rig.createContainer(pod, 'main', {
      command: ['ignore', 'SIGTERM', ';', 'sleep', 'forever'],
    });
    await start(container);
    await stop(container, 1n);
    expect((await containerStatus(container)).exitCode).toBe(137);
  });

  it('lets a later call shorten the grace', async () => {
    const pod = await rig.runSandbox();
    const container = await rig.createContainer(pod, 'main', {
      command: ['ignore', 'SIGTERM', ';', 'sleep', 'forever'],
    });
    await start(container);
    const patient = stop(container, 3600n);
    await stop(container, 0n);
    await patient;
    expect((await containerStatus(container)).exitCode).toBe(137);
  });

  it('removes a pod whose container runs', async () => {
    const pod = await rig.runSandbox();
    await start(await rig.createContainer(pod));
    await rig.runtime.RemovePodSandbox({ podSandboxId: pod }, rig.context);
    expect(await rig.leftovers()).toEqual([]);
  });

  it('finds a pod by a unique prefix of its id, and refuses an ambiguous one', async () => {
    const pods = await Promise.all(
      Array.from({ length: 20 }, (_, index) => rig.runSandbox(`pod-${String(index)}`)),
    );
    expect(await sandboxState((pods[0] ?? '').slice(0, 40))).toBe(PodSandboxState.SANDBOX_READY);
    expect(await kindOfFailure(sandboxState(''))).toBe('NotFound');
  });
});

describe('CheckpointContainer', () => {
  const checkpoint = async (containerId: string, change: { location?: string; timeout?: bigint } = {}) => {
    const request = { containerId, location: '/checkpoints/one.tar', timeout: 0n, ...change };
    return await rig.runtime.CheckpointContainer(request, rig.context);
  };
  const running = async (): Promise<string> => {
    const container = await rig.createContainer(await rig.runSandbox());
    await start(container);
    return container;
  };

  it('is refused where the backend can not', async () => {
    expect(await kindOfFailure(checkpoint(await running()))).toBe('Unimplemented');
  });

  it('has the backend write a running container to the place named', async () => {
    const written: string[] = [];
    rig.checkpoint = { checkpoint: async (id, path) => void written.push(`${id} ${path}`) };
    await rig.reopenAfterDeath();
    const container = await running();
    await checkpoint(container);
    expect(written).toEqual([`${container} /checkpoints/one.tar`]);
  });

  it.each<[string, { location?: string; timeout?: bigint }, string]>([
    ['a relative place', { location: 'one.tar' }, 'InvalidArgument'],
    ['a negative time', { timeout: -1n }, 'InvalidArgument'],
    ['more time than it has', { timeout: 1n }, 'DeadlineExceeded'],
  ])('does not take %s', async (_sentence, change, kind) => {
    rig.checkpoint = {
      checkpoint: (_id, _path, signal) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason as Error)),
        ),
    };
    await rig.reopenAfterDeath();
    expect(await kindOfFailure(checkpoint(await running(), change))).toBe(kind);
  });

  it('is refused for a container that does not run', async () => {
    rig.checkpoint = { checkpoint: async () => undefined };
    await rig.reopenAfterDeath();
    const container = await rig.createContainer(await rig.runSandbox());
    expect(await kindOfFailure(checkpoint(container))).toBe('FailedPrecondition');
  });
});

describe('ExecSync', () => {
  it('gives output and exit code', async () => {
    const pod = await rig.runSandbox();
    const container = await rig.createContainer(pod);
    await start(container);
    const answer = await rig.runtime.ExecSync(
      {
        containerId: container,
        cmd: ['echo', 'out', ';', 'echo-error', 'err', ';', 'exit', '5'],
        timeout: 5n,
      },
      rig.context,
    );
    expect(answer).toMatchObject({ exitCode: 5, stdout: Buffer.from('out\n'), stderr: Buffer.from('err\n') });
  });

  it('kills the command and all that it started when its time is over', async () => {
    const pod = await rig.runSandbox();
    const container = await rig.createContainer(pod);
    await start(container);
    const work = rig.runtime.ExecSync(
      { containerId: container, cmd: ['sleep', 'forever'], timeout: 1n },
      rig.context,
    );
    expect(await kindOfFailure(Promise.resolve(work))).toBe('DeadlineExceeded');
  });

  it('is refused in a container that does not run', async () => {
    const pod = await rig.runSandbox();
    const container = await rig.createContainer(pod);
    const work = rig.runtime.ExecSync({ containerId: container, cmd: ['echo'], timeout: 1n }, rig.context);
    expect(await kindOfFailure(Promise.resolve(work))).toBe('FailedPrecondition');
  });
});

describe('a container whose operation hangs', () => {
  it('does not keep the end of another one from being seen', async () => {
    const pod = await rig.runSandbox();
    const quick = await rig.createContainer(pod, 'quick', { command: ['sleep', '0.3'] });
    await start(quick);
    const stuck = await rig.createContainer(pod, 'stuck', { command: ['sleep', '0.1'] });
    await start(stuck);
    rig.backendFailpoints.arm('backend.container.update.before', { type: 'delay', ms: 1_500 });
    const linux = LinuxContainerResources.create({ cpuShares: 2n });
    const update = rig.runtime.UpdateContainerResources(
      { containerId: stuck, linux, windows: undefined, annotations: {} },
      rig.context,
    );
    let updated = false;
    const ended = Promise.resolve(update)
      .catch(() => undefined) // it may be refused: the container has ended meanwhile
      .then(() => (updated = true));
    await until(async () => (await containerStatus(quick)).state === ContainerState.CONTAINER_EXITED);
    expect(updated).toBe(false);
    await ended;
  });
});

describe('events', () => {
  it('tell each change of a container with the state of its pod', async () => {
    const seen: string[] = [];
    const stopper = new AbortController();
    const listening = (async () => {
      const events = rig.runtime.GetContainerEvents({}, { signal: stopper.signal, method: 'test' });
      for await (const event of events)
        if ('containerId' in event) seen.push(`${event.containerId} ${String(event.containerEventType)}`);
    })();
    const pod = await rig.runSandbox();
    const container = await rig.createContainer(pod);
    await start(container);
    await stop(container, 0n);
    await rig.runtime.RemovePodSandbox({ podSandboxId: pod }, rig.context);
    await until(async () => seen.length >= 8);
    stopper.abort();
    await listening;
    expect(seen).toEqual([
      `${pod} 0`,
      `${pod} 1`,
      `${container} 0`,
      `${container} 1`,
      `${container} 2`,
      `${pod} 2`,
      `${container} 3`,
      `${pod} 3`,
    ]);
  });
});
