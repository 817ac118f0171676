import { RuntimeError } from '@crihub/kernel';

/**
 * The path of a systemd slice: each dash is a level, so `a-b.slice` is `/a.slice/a-b.slice`
 * (systemd.slice(5)). The root slice, `-.slice`, is the empty path.
 * @throws InvalidArgument for what is not the name of a slice.
 */
export function expandSlice(slice: string): string {
  if (slice === '-.slice') return '';
  const name = slice.endsWith('.slice') ? slice.slice(0, -'.slice'.length) : '';
  const parts = name.split('-');
  if (parts.includes('') || name.includes('/')) {
    throw new RuntimeError(
      'InvalidArgument',
      `"${slice}" is not the name of a systemd slice, like kubepods-burstable.slice`,
    );
  }
  return parts.map((_part, index) => `/${parts.slice(0, index + 1).join('-')}.slice`).join('');
}

/** The path of a unit as OCI runtimes take it, `slice:prefix:name`: `<slice>/<prefix>-<name>.scope`. */
export function expandSystemdPath(systemdPath: string): string {
  const [slice = '', prefix = '', name = '', ...rest] = systemdPath.split(':');
  if (name === '' || rest.length > 0) {
    throw new RuntimeError(
      'InvalidArgument',
      `"${systemdPath}" is not a systemd cgroup path, like system.slice:crihub:name`,
    );
  }
  const parent = expandSlice(slice === '' ? 'system.slice' : slice);
  if (name.endsWith('.slice')) return `${parent}/${name}`;
  return `${parent}/${prefix === '' ? '' : `${prefix}-`}${name}.scope`;
}
