import type { ResolvedDevice } from '../devices/resolved-device.ts';
import type { OciDevice, OciDeviceRule } from '../oci-spec.ts';

const character = (major: number, minor?: number): OciDeviceRule => ({
  allow: true,
  type: 'c',
  major,
  ...(minor === undefined ? {} : { minor }),
  access: 'rwm',
});

/** null, zero, full, random, urandom, tty, console, ptmx and the pseudo terminals; any node may be made. */
const DEFAULT_RULES: readonly OciDeviceRule[] = [
  { allow: false, access: 'rwm' },
  { allow: true, type: 'c', access: 'm' },
  { allow: true, type: 'b', access: 'm' },
  character(1, 3),
  character(1, 5),
  character(1, 7),
  character(1, 8),
  character(1, 9),
  character(5, 0),
  character(5, 1),
  character(5, 2),
  character(136),
];

const EVERYTHING: readonly OciDeviceRule[] = [{ allow: true, access: 'rwm' }];

/** Rules of the device cgroup. */
export const deviceRules = (
  privileged: boolean,
  devices: readonly ResolvedDevice[],
): readonly OciDeviceRule[] => (privileged ? EVERYTHING : [...DEFAULT_RULES, ...devices.flatMap(deviceRule)]);

/** The rule that lets a container use a device; a FIFO needs none. */
export function deviceRule(device: ResolvedDevice): readonly OciDeviceRule[] {
  const { type, major, minor, permissions } = device;
  if (type === 'p' || major === undefined || minor === undefined) return [];
  return [{ allow: true, type: type === 'u' ? 'c' : type, major, minor, access: permissions }];
}

/** The device nodes to make; of two for one path the later one. */
export function deviceNodes(devices: readonly ResolvedDevice[]): readonly OciDevice[] {
  const byPath = new Map(devices.map(({ permissions: _, ...node }) => [node.path, node]));
  return [...byPath.values()];
}
