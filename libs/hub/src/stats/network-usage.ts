import type { InterfaceStatistics } from '@crihub/linux';
import type { NetworkInterfaceUsage, NetworkUsage } from '@crihub/wire/cri';
import { figure } from './usage.ts';

/** @param defaultName the interface that the pod's address is on. */
export function networkUsage(
  interfaces: readonly InterfaceStatistics[],
  defaultName: string,
  timestamp: bigint,
): NetworkUsage {
  const main = interfaces.find(({ name }) => name === defaultName);
  return {
    timestamp,
    defaultInterface: main === undefined ? undefined : interfaceUsage(main),
    interfaces: interfaces.filter((one) => one !== main).map(interfaceUsage),
  };
}

const interfaceUsage = (one: InterfaceStatistics): NetworkInterfaceUsage => ({
  name: one.name,
  rxBytes: figure(one.receivedBytes),
  rxErrors: figure(one.receiveErrors),
  txBytes: figure(one.sentBytes),
  txErrors: figure(one.sendErrors),
});
