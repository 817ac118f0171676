import { isIPv4, isIPv6 } from 'node:net';
import { RuntimeError } from '@crihub/kernel';

/**
 * Reads what UpdateRuntimeConfig brings: one subnet, or one of each family, separated by a comma.
 * Empty is none. @throws InvalidArgument for what is no subnet.
 */
export function parsePodCidr(text: string): readonly string[] {
  const subnets = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  for (const subnet of subnets) {
    if (isSubnet(subnet)) continue;
    throw new RuntimeError('InvalidArgument', `pod CIDR ${JSON.stringify(subnet)} is not a subnet`);
  }
  return subnets;
}

/** The `ipRanges` capability: one set of ranges for each subnet, so that a pod gets an address of each. */
export const toIpRanges = (subnets: readonly string[]): readonly (readonly { subnet: string }[])[] =>
  subnets.map((subnet) => [{ subnet }]);

function isSubnet(text: string): boolean {
  const [address = '', prefix = '', ...rest] = text.split('/');
  if (rest.length > 0 || !/^\d{1,3}$/.test(prefix)) return false;
  return (isIPv4(address) && Number(prefix) <= 32) || (isIPv6(address) && Number(prefix) <= 128);
}
