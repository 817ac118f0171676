import { readFile } from 'node:fs/promises';
import type { BackendEvent, Container, ContainerExit, Sandbox } from '@crihub/contract';
import type { ContainerOverrides } from '@crihub/contract-testkit';
import { sleep } from '@crihub/kernel';
import type { DockerRig } from './docker-rig.ts';

export const soon = (ms = 30_000): AbortSignal => AbortSignal.timeout(ms);

export async function runPod(rig: DockerRig, overrides?: Partial<Sandbox>): Promise<Sandbox> {
  const sandbox = await rig.makeSandbox(overrides);
  await rig.backend.sandboxes.prepare(sandbox, soon());
  await rig.backend.sandboxes.start(sandbox, undefined, soon());
  return sandbox;
}

export async function runContainer(
  rig: DockerRig,
  sandbox: Sandbox,
  script: string,
  overrides: ContainerOverrides = {},
): Promise<Container> {
  const process = { ...overrides.process, args: ['/bin/sh', '-c', script] };
  const container = await rig.makeContainer(sandbox, { ...overrides, process });
  await rig.backend.containers.create(container, sandbox, soon());
  await rig.backend.containers.start(container.id, soon());
  return container;
}

/** What a script prints in a container of a pod of its own. */
export async function outputOf(
  rig: DockerRig,
  script: string,
  overrides: ContainerOverrides = {},
  pod: Partial<Sandbox> = {},
): Promise<string> {
  const sandbox = await runPod(rig, pod);
  try {
    const container = await runContainer(rig, sandbox, script, overrides);
    await exitOf(rig, container);
    return textOf(await readFile(container.logPath, 'utf8'));
  } finally {
    await rig.backend.sandboxes.remove(sandbox.id, soon());
  }
}

/** Of a container that ends by itself, with its log complete. */
export async function exitOf(rig: DockerRig, { id, logPath }: Container): Promise<ContainerExit> {
  const signal = soon();
  for (;;) {
    const { containers } = await rig.backend.inventory(signal);
    const found = containers.find((container) => container.id === id);
    if (found?.state === 'exited' && found.exit !== undefined) {
      await sleep(logPath === '' ? 0 : 400);
      return found.exit;
    }
    await sleep(50, signal);
  }
}

/** The lines of a CRI log without their headers. */
export const linesOf = (log: string): readonly string[] =>
  log
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split(' ').slice(3).join(' '));

const textOf = (log: string): string => linesOf(log).join('\n');

/** Collects events from now on. */
export function collect(rig: DockerRig, signal: AbortSignal): readonly BackendEvent[] {
  const events: BackendEvent[] = [];
  const source = rig.backend.events(signal);
  void (async () => {
    for await (const event of source) events.push(event);
  })();
  return events;
}
