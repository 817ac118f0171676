import type { Container } from '@crihub/contract';
import { type CDIDevice, Field, type LinuxDevice } from '@crihub/wire/nri';
import { absolutePath, type Claim, parseMarked } from './claim.ts';

/**
 * A device of a plugin is one of the host's at the same path: the numbers are those of that file, which the backend
 * looks up itself.
 */
export const deviceClaims = (devices: readonly LinuxDevice[]): readonly Claim<Container>[] =>
  devices.map(({ path }) => {
    const { key, change } = parseMarked(path);
    const device = { hostPath: absolutePath(key, 'a device'), containerPath: key, permissions: 'rwm' };
    return {
      field: Field.Devices,
      key,
      change,
      apply: (container) => {
        const others = container.devices.filter(({ containerPath }) => containerPath !== key);
        return { ...container, devices: change === 'set' ? [...others, device] : others };
      },
    };
  });

/** They can be added only. */
export const cdiClaims = (devices: readonly CDIDevice[]): readonly Claim<Container>[] =>
  devices.map(({ name }) => ({
    field: Field.CdiDevices,
    key: name,
    change: 'set',
    apply: (container) => ({ ...container, cdiDevices: [...new Set([...container.cdiDevices, name])] }),
  }));
