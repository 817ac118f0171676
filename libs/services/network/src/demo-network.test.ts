import { expect, it } from 'vitest';
import { DEMO_NETWORK, demoNetwork } from './demo-network.ts';
import { parseNetworkList } from './network-list.ts';

it('is a list that can be loaded, with host ports and no IPv6 unless asked for', () => {
  const network = parseNetworkList(JSON.stringify(DEMO_NETWORK), 'demo');
  expect(network.name).toBe('crihub');
  expect(network.plugins).toMatchObject([
    {
      type: 'bridge',
      bridge: 'crihub0',
      ipMasq: true,
      hairpinMode: true,
      ipam: { ranges: [[{ subnet: '10.88.0.0/16' }]], routes: [{ dst: '0.0.0.0/0' }] },
    },
    { type: 'portmap', capabilities: { portMappings: true } },
  ]);
});

it('takes name, bridge, subnets and the place of its data', () => {
  const options = {
    name: 'n',
    bridge: 'b0',
    subnet: '10.1.0.0/24',
    subnet6: 'fd00::/64',
    dataDirectory: '/d',
  };
  expect(demoNetwork(options)).toMatchObject({
    name: 'n',
    plugins: [
      {
        bridge: 'b0',
        ipam: {
          dataDir: '/d',
          ranges: [[{ subnet: '10.1.0.0/24' }], [{ subnet: 'fd00::/64' }]],
          routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }],
        },
      },
      {},
    ],
  });
});
