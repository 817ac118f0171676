import type { Container, Mount, MountPropagation } from '@crihub/contract';
import { Field, type Mount as WireMount } from '@crihub/wire/nri';
import { absolutePath, type Claim, parseMarked, unsupported } from './claim.ts';

const PROPAGATIONS: Readonly<Record<string, MountPropagation | undefined>> = {
  private: 'private',
  rprivate: 'private',
  slave: 'hostToContainer',
  rslave: 'hostToContainer',
  shared: 'bidirectional',
  rshared: 'bidirectional',
};
/** What a bind mount has anyway. */
const IMPLIED = new Set(['bind', 'rbind', 'rw']);
const RESTRICTIONS = new Set(['noexec', 'nodev', 'nosuid']);

export const mountClaims = (mounts: readonly WireMount[]): readonly Claim<Container>[] =>
  mounts.map((wire) => {
    const { key, change } = parseMarked(wire.destination);
    const mount = change === 'set' ? parseMount(wire) : undefined;
    return {
      field: Field.Mounts,
      key,
      change,
      apply: (container) => {
        const others = container.mounts.filter(({ destination }) => destination !== key);
        return { ...container, mounts: mount === undefined ? others : [...others, mount] };
      },
    };
  });

/** @throws Unimplemented for anything but a bind mount. */
function parseMount({ destination, source, type, options }: WireMount): Mount {
  const what = `the mount at ${destination}`;
  if (type !== 'bind' && !options.includes('bind') && !options.includes('rbind'))
    throw unsupported(`${what} is of type '${type}': only bind mounts`);
  const restrictions = options.filter((option) => RESTRICTIONS.has(option));
  const propagation = options.map((option) => PROPAGATIONS[option]).findLast((found) => found !== undefined);
  const recursive = options.includes('rro');
  const unknown = options.find(
    (option) =>
      !IMPLIED.has(option) &&
      !RESTRICTIONS.has(option) &&
      !(option in PROPAGATIONS) &&
      !/^r?ro$/.test(option),
  );
  if (unknown !== undefined) throw unsupported(`option '${unknown}' of ${what}`);
  return {
    destination: absolutePath(destination, 'the destination of a mount'),
    source: absolutePath(source, `the source of ${what}`),
    readonly: recursive || options.includes('ro'),
    recursiveReadonly: recursive,
    propagation: propagation ?? 'private',
    selinuxRelabel: false,
    uidMappings: [],
    gidMappings: [],
    options: restrictions,
  };
}
