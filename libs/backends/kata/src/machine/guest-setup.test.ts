import { sampleSandbox } from '@crihub/contract-testkit';
import { expect, it } from 'vitest';
import { setupScript } from './guest-setup.ts';

const sandbox = sampleSandbox({
  directory: '/pods/one',
  hostname: "it's",
  sysctls: { 'net.core.somaxconn': '512' },
});

it('gives the guest its name, its sysctls and both families of addresses, as single words of the shell', () => {
  const script = setupScript(sandbox, {
    interfaceName: 'eth0',
    mac: '02:00:00:00:00:01',
    mtu: 1400,
    addresses: [{ cidr: '10.1.0.2/24' }, { cidr: 'fd00::2/64' }],
    routes: [
      { destination: '0.0.0.0/0', gateway: '10.1.0.1' },
      { destination: '::/0', gateway: 'fd00::1' },
    ],
  });
  const lines = script.split('\n');
  expect(lines).toContain(String.raw`hostname 'it'\''s'`);
  expect(lines).toContain("ip link set dev eth0 address '02:00:00:00:00:01'");
  expect(lines).toContain('ip link set dev eth0 mtu 1400');
  expect(lines).toContain("ip addr add '10.1.0.2/24' dev eth0");
  expect(lines).toContain("ip -6 addr add 'fd00::2/64' dev eth0");
  expect(script).toContain("ip route replace '0.0.0.0/0' via '10.1.0.1' dev eth0");
  expect(script).toContain("ip -6 route replace '::/0' via 'fd00::1' dev eth0");
  expect(lines).toContain("printf %s '512' > '/proc/sys/net/core/somaxconn'");
});

it('leaves the network alone where the pod has none', () => {
  expect(setupScript(sandbox, undefined)).not.toContain('eth0');
});
