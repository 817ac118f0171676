import type { Container } from '@crihub/contract';
import { settleAll } from '@crihub/kernel';
import type { ContainerRecord } from '../records/container-record.ts';
import type { SandboxRecord } from '../records/sandbox-record.ts';
import { checkContainerCapabilities } from '../router/check-capabilities.ts';
import type { HealthMonitor } from '../router/health-monitor.ts';
import { existingPath } from './container-mounts.ts';
import type { Plugins } from './plugins.ts';

export interface AdjustContainerDeps {
  readonly plugins: Pick<Plugins, 'createContainer'>;
  readonly health: Pick<HealthMonitor, 'capabilitiesOf'>;
}

/**
 * Lets plugins adjust a container that is about to be made, within what its handler can do.
 * @throws FailedPrecondition if a plugin refuses it, or asks for what the handler can't do or the host does not have.
 */
export async function adjustContainer(
  { plugins, health }: AdjustContainerDeps,
  handler: string,
  pod: SandboxRecord,
  record: ContainerRecord,
): Promise<Container> {
  const adjusted = await plugins.createContainer(pod, record);
  if (adjusted === record.container) return adjusted;
  checkContainerCapabilities(handler, health.capabilitiesOf(handler), adjusted);
  const known = new Set(record.container.mounts);
  const mounts = adjusted.mounts.map(async (mount) =>
    known.has(mount) ? mount : { ...mount, source: await existingPath(mount.source) },
  );
  return { ...adjusted, mounts: await settleAll(mounts) };
}
