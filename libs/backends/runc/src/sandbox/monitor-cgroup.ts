import type { Sandbox } from '@crihub/contract';
import { type CgroupDriver, podCgroup } from '@crihub/service-sandbox';

/**
 * Where the pod's conmons live, so that they count to the pod. Groups below a slice are systemd's to
 * make: there they stay with the daemon, whose unit must not kill them (`KillMode=process`).
 */
export const monitorCgroup = (
  sandbox: Pick<Sandbox, 'id' | 'cgroupParent'>,
  driver: CgroupDriver,
): string | undefined => (driver === 'systemd' ? undefined : `${podCgroup(sandbox, driver)}/crihub-monitor`);
