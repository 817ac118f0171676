import { expect, it } from 'vitest';
import { capabilitiesOf, type PodNetworkWishes } from './capabilities.ts';
import { parsePodCidr } from './pod-cidr.ts';

const BURST = 4_294_967_295;

it.each<[string, PodNetworkWishes, string, object]>([
  ['who wishes nothing gets nothing', {}, '', {}],
  [
    'a port without host port is not mapped',
    { portMappings: [{ protocol: 'tcp', containerPort: 80, hostPort: 0 }] },
    '',
    {},
  ],
  [
    'ports are passed with protocol and address',
    {
      portMappings: [
        { protocol: 'tcp', containerPort: 80, hostPort: 8080 },
        { protocol: 'udp', containerPort: 53, hostPort: 53, hostIp: 'fd00::1' },
      ],
    },
    '',
    {
      portMappings: [
        { hostPort: 8080, containerPort: 80, protocol: 'tcp', hostIP: '' },
        { hostPort: 53, containerPort: 53, protocol: 'udp', hostIP: 'fd00::1' },
      ],
    },
  ],
  [
    'bandwidth comes from the annotations, which are passed too',
    { annotations: { 'kubernetes.io/ingress-bandwidth': '10M' } },
    '',
    {
      bandwidth: { ingressRate: 10_000_000, ingressBurst: BURST },
      'io.kubernetes.cri.pod-annotations': { 'kubernetes.io/ingress-bandwidth': '10M' },
    },
  ],
  [
    'a pod has an address of each subnet',
    {},
    '10.1.0.0/24, fd00::/64',
    { ipRanges: [[{ subnet: '10.1.0.0/24' }], [{ subnet: 'fd00::/64' }]] },
  ],
  [
    'DNS is passed if it says anything',
    { dns: { servers: ['10.0.0.10'], searches: ['svc'], options: ['ndots:5'] } },
    '',
    { dns: { servers: ['10.0.0.10'], searches: ['svc'], options: ['ndots:5'] } },
  ],
  ['DNS that says nothing is absent', { dns: { servers: [], searches: [], options: [] } }, '', {}],
  [
    'the rest is passed as it is, and empty values are absent',
    { mac: '02:00:00:00:00:01', infinibandGuid: '', aliases: ['db'], cgroupPath: '/kubepods/a' },
    '',
    { mac: '02:00:00:00:00:01', aliases: ['db'], cgroupPath: '/kubepods/a' },
  ],
])('%s', (_sentence, wishes, podCidr, expected) => {
  expect(capabilitiesOf(wishes, parsePodCidr(podCidr))).toEqual(expected);
});

const mapping = (extra: object): PodNetworkWishes => ({
  portMappings: [{ protocol: 'tcp', containerPort: 80, hostPort: 8080, ...extra }],
});
const bandwidth = (text: string): PodNetworkWishes => ({
  annotations: { 'kubernetes.io/egress-bandwidth': text },
});

it.each<[string, PodNetworkWishes, RegExp]>([
  ['a host port above 65535', mapping({ hostPort: 65_536 }), /host port 65536 is not between 1 and 65535/],
  ['a negative host port', mapping({ hostPort: -1 }), /host port -1/],
  ['no container port', mapping({ containerPort: 0 }), /container port 0/],
  ['a host IP that is a name', mapping({ hostIp: 'localhost' }), /host IP "localhost" is not an IP address/],
  ['a bandwidth below 1k', bandwidth('999'), /egress-bandwidth is "999"/],
  ['a bandwidth above 1P', bandwidth('2P'), /from 1k to 1P/],
  ['a bandwidth that is no quantity', bandwidth('fast'), /"fast"/],
])('refuses %s', (_sentence, wishes, message) => {
  expect(() => capabilitiesOf(wishes, [])).toThrow(message);
  expect(() => capabilitiesOf(wishes, [])).toThrow(expect.objectContaining({ kind: 'InvalidArgument' }));
});

it.each([['10.0.0.0'], ['10.0.0.0/33'], ['fd00::/129'], ['x/8'], ['10.0.0.0/8/8'], ['10.0.0.0/']])(
  'refuses the pod CIDR %s',
  (text) => expect(() => parsePodCidr(text)).toThrow(/is not a subnet/),
);
