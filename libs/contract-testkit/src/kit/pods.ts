import type {
  Container,
  InventoryContainer,
  InventorySandbox,
  Sandbox,
  StartedContainer,
} from '@crihub/contract';
import type { ContainerOverrides, Rig } from './rig.ts';
import { readLog } from './log-file.ts';
import { eventually, soon } from './waiting.ts';

/** Prepares and starts a pod, as the hub does. */
export async function runPod(rig: Rig, overrides?: Partial<Sandbox>): Promise<Sandbox> {
  const sandbox = await rig.makeSandbox(overrides);
  await startPod(rig, sandbox);
  return sandbox;
}

export async function startPod(rig: Rig, sandbox: Sandbox): Promise<void> {
  const prepared = await rig.backend.sandboxes.prepare(sandbox, soon());
  const network = await rig.attachNetwork?.(sandbox, prepared);
  await rig.backend.sandboxes.start(sandbox, network, soon());
}

export async function createContainer(
  rig: Rig,
  sandbox: Sandbox,
  args: readonly string[],
  overrides: ContainerOverrides = {},
): Promise<Container> {
  const container = await rig.makeContainer(sandbox, {
    ...overrides,
    process: { ...overrides.process, args },
  });
  await rig.backend.containers.create(container, sandbox, soon());
  return container;
}

export async function runContainer(
  rig: Rig,
  sandbox: Sandbox,
  args: readonly string[],
  overrides: ContainerOverrides = {},
): Promise<Container & { readonly started: StartedContainer }> {
  const container = await createContainer(rig, sandbox, args, overrides);
  return { ...container, started: await rig.backend.containers.start(container.id, soon()) };
}

/** Waits for the line `ready`, after which the program's signal handlers are in place. */
export async function untilReady(container: Container): Promise<void> {
  await eventually(`"ready" in ${container.logPath}`, async () =>
    (await readLog(container.logPath)).some((line) => line.text === 'ready') ? true : undefined,
  );
}

export async function sandboxInInventory(rig: Rig, { id }: Sandbox): Promise<InventorySandbox | undefined> {
  const { sandboxes } = await rig.backend.inventory(soon());
  return sandboxes.find((sandbox) => sandbox.id === id);
}

export async function containerInInventory(
  rig: Rig,
  { id }: Pick<Container, 'id'>,
): Promise<InventoryContainer | undefined> {
  const { containers } = await rig.backend.inventory(soon());
  return containers.find((container) => container.id === id);
}

/** Removes pods with all that is in them, and says what the inventory still shows of them. */
export async function removePods(rig: Rig, ...sandboxes: readonly Sandbox[]): Promise<readonly string[]> {
  await Promise.all(sandboxes.map(({ id }) => rig.backend.sandboxes.remove(id, soon())));
  const left = await rig.backend.inventory(soon());
  const ids = new Set(sandboxes.map(({ id }) => id));
  return [
    ...left.sandboxes.filter(({ id }) => ids.has(id)).map(({ id }) => `sandbox ${id}`),
    ...left.containers.filter(({ sandboxId }) => ids.has(sandboxId)).map(({ id }) => `container ${id}`),
  ];
}
