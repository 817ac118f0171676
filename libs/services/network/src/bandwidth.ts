import { RuntimeError } from '@crihub/kernel';
import { parseQuantity } from './quantity.ts';

const INGRESS = 'kubernetes.io/ingress-bandwidth';
const EGRESS = 'kubernetes.io/egress-bandwidth';
// The range that Kubernetes accepts: 1k to 1P, in bits per second.
const MINIMUM = 1_000n;
const MAXIMUM = 1_000_000_000_000_000n;
// The plugin refuses a burst of 4 GiB and more; containerd and CRI-O give the same figure.
const BURST_BITS = 4_294_967_295;

/** The `bandwidth` capability; rates in bits per second, bursts in bits. */
export interface Bandwidth {
  readonly ingressRate?: number;
  readonly ingressBurst?: number;
  readonly egressRate?: number;
  readonly egressBurst?: number;
}

/** The limits that a pod's annotations ask for. @throws InvalidArgument for what is no bandwidth. */
export function bandwidthOf(annotations: Readonly<Record<string, string>>): Bandwidth | undefined {
  const ingress = rate(annotations, INGRESS);
  const egress = rate(annotations, EGRESS);
  if (ingress === undefined && egress === undefined) return undefined;
  return {
    ...(ingress === undefined ? {} : { ingressRate: ingress, ingressBurst: BURST_BITS }),
    ...(egress === undefined ? {} : { egressRate: egress, egressBurst: BURST_BITS }),
  };
}

function rate(annotations: Readonly<Record<string, string>>, name: string): number | undefined {
  const text = annotations[name];
  if (text === undefined) return undefined;
  const value = parseQuantity(text);
  if (value === undefined || value < MINIMUM || value > MAXIMUM) {
    const sentence = `annotation ${name} is ${JSON.stringify(text)}; a bandwidth is a quantity from 1k to 1P`;
    throw new RuntimeError('InvalidArgument', sentence);
  }
  return Number(value);
}
