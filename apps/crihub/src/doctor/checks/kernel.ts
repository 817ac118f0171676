import { type CgroupLayout, isAtLeast, type KernelVersion } from '@crihub/linux';
import { error, type Finding, ok, warning } from '../finding.ts';

/** pidfds, which the daemon needs to watch processes. */
const OLDEST = [5, 4] as const;
/** cgroup.kill (5.14), idmapped layers of overlayfs (5.19). */
const COMPLETE = [5, 19] as const;

export function judgeKernel(kernel: KernelVersion): Finding {
  const message = `Linux ${kernel.release}`;
  if (!isAtLeast(kernel, ...OLDEST)) return error('kernel', message, 'boot Linux 5.4 or newer');
  if (!isAtLeast(kernel, ...COMPLETE)) {
    return warning('kernel', message, 'boot Linux 5.19 or newer for user namespaces and sure kills');
  }
  return ok('kernel', message);
}

const NEEDED = ['cpu', 'memory', 'pids', 'cpuset'];

/** @param unified controllers that the unified hierarchy of a hybrid host has; none with version 2. */
export function judgeCgroups(layout: CgroupLayout, unified: readonly string[]): readonly Finding[] {
  const controllers =
    layout.version === 'v2'
      ? layout.controllers
      : layout.hierarchies.flatMap((mounted) => mounted.controllers);
  const missing = NEEDED.filter((name) => !controllers.includes(name));
  return [
    versionOf(layout),
    ...missing.map((name) => missingController(name, layout)),
    ...(unified.length > 0 ? [takenControllers(unified.join(','))] : []),
  ];
}

function versionOf(layout: CgroupLayout): Finding {
  if (layout.version === 'v2') return ok('cgroups', `version 2 on ${layout.root}`);
  const hybrid = layout.unified === undefined ? '' : ', hybrid';
  return warning(
    'cgroups',
    `version 1${hybrid}`,
    'it works, but newer kubelets refuse it unless failCgroupV1 is false: boot with systemd.unified_cgroup_hierarchy=1',
  );
}

function missingController(name: string, { version }: CgroupLayout): Finding {
  const how = version === 'v2' ? 'enable it in the root cgroup' : `mount it under /sys/fs/cgroup/${name}`;
  return error('cgroups', `the ${name} controller is missing`, `${how}; limits can't be set without it`);
}

const takenControllers = (names: string): Finding =>
  warning(
    'cgroups',
    `the unified hierarchy has taken ${names} from version 1`,
    `crun refuses such hosts: mount -t cgroup -o ${names} cgroup /sys/fs/cgroup/${names}, or use runc`,
  );
