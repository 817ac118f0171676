import type { InterfaceStatistics } from '@crihub/linux';
import type { LabelledMetric, Value } from './metric.ts';
import type { PodSample } from './samples.ts';

/** A pod's containers share its interfaces, so these are the pod's. */
export const networkMetrics: readonly LabelledMetric<PodSample>[] = [
  networkMetric('receive_bytes', 'bytes received', (one) => one.receivedBytes),
  networkMetric('receive_packets', 'packets received', (one) => one.receivedPackets),
  networkMetric('receive_packets_dropped', 'packets dropped while receiving', (one) => one.receiveDropped),
  networkMetric('receive_errors', 'errors encountered while receiving', (one) => one.receiveErrors),
  networkMetric('transmit_bytes', 'bytes transmitted', (one) => one.sentBytes),
  networkMetric('transmit_packets', 'packets transmitted', (one) => one.sentPackets),
  networkMetric('transmit_packets_dropped', 'packets dropped while transmitting', (one) => one.sendDropped),
  networkMetric('transmit_errors', 'errors encountered while transmitting', (one) => one.sendErrors),
];

function networkMetric(
  name: string,
  what: string,
  read: (one: InterfaceStatistics) => Value,
): LabelledMetric<PodSample> {
  return {
    name: `container_network_${name}_total`,
    help: `Cumulative count of ${what}`,
    type: 'counter',
    labels: ['interface'],
    readAll: ({ interfaces }) => interfaces.map((one) => ({ labels: [one.name], value: read(one) })),
  };
}
