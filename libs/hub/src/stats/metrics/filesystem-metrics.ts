import type { LabelledMetric, Value } from './metric.ts';
import type { ContainerSample, NamedDeviceIo } from './samples.ts';

/** Room on the filesystem of the writable layer. A container whose layer is elsewhere has none of these. */
export const filesystemMetrics: readonly LabelledMetric<ContainerSample>[] = [
  filesystemMetric('inodes_free', 'Number of available Inodes', ({ filesystem }) => filesystem?.freeInodes),
  filesystemMetric('inodes_total', 'Number of Inodes', ({ filesystem }) => filesystem?.totalInodes),
  filesystemMetric(
    'limit_bytes',
    'Number of bytes that can be consumed by the container on this filesystem.',
    ({ filesystem }) => filesystem?.totalBytes,
  ),
  filesystemMetric(
    'usage_bytes',
    'Number of bytes that are consumed by the container on this filesystem.',
    ({ layer }) => layer?.bytes,
  ),
];

function filesystemMetric(
  name: string,
  help: string,
  read: (sample: ContainerSample) => Value,
): LabelledMetric<ContainerSample> {
  return {
    name: `container_fs_${name}`,
    help,
    type: 'gauge',
    labels: ['device'],
    readAll: (sample) =>
      sample.layer === undefined ? [] : [{ labels: [sample.filesystem?.device ?? ''], value: read(sample) }],
  };
}

/** What went through block devices. */
export const deviceMetrics: readonly LabelledMetric<ContainerSample>[] = [
  deviceMetric('reads_bytes', 'bytes read', (one) => one.readBytes),
  deviceMetric('reads', 'reads completed', (one) => one.readOperations),
  deviceMetric('writes_bytes', 'bytes written', (one) => one.writeBytes),
  deviceMetric('writes', 'writes completed', (one) => one.writeOperations),
  {
    name: 'container_blkio_device_usage_total',
    help: 'Blkio device bytes usage',
    type: 'counter',
    labels: ['device', 'major', 'minor', 'operation'],
    readAll: ({ io }) =>
      io.flatMap((one) => {
        const labels = [one.device, String(one.major), String(one.minor)];
        return [
          { labels: [...labels, 'Read'], value: one.readBytes },
          { labels: [...labels, 'Write'], value: one.writeBytes },
          { labels: [...labels, 'Discard'], value: one.discardBytes },
        ];
      }),
  },
];

function deviceMetric(
  name: string,
  what: string,
  read: (one: NamedDeviceIo) => Value,
): LabelledMetric<ContainerSample> {
  return {
    name: `container_fs_${name}_total`,
    help: `Cumulative count of ${what}`,
    type: 'counter',
    labels: ['device'],
    readAll: ({ io }) => io.map((one) => ({ labels: [one.device], value: read(one) })),
  };
}
