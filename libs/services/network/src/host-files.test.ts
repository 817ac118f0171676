import { expect, it } from 'vitest';
import { renderHostname, renderHosts } from './host-files.ts';
import { type DnsConfig, renderResolvConf } from './resolv-conf.ts';

const HOST = 'nameserver 192.0.2.53\n';

it.each<[string, Partial<DnsConfig> | undefined, string]>([
  ['without a configuration it is the host’s', undefined, HOST],
  ['an empty configuration is none', {}, HOST],
  [
    'each server has a line, searches and options share one',
    { servers: ['10.0.0.10', 'fd00::a'], searches: ['a.svc', 'svc'], options: ['ndots:5', 'edns0'] },
    'search a.svc svc\nnameserver 10.0.0.10\nnameserver fd00::a\noptions ndots:5 edns0\n',
  ],
  ['options alone are a configuration', { options: ['rotate'] }, 'options rotate\n'],
])('resolv.conf: %s', (_sentence, dns, expected) => {
  const whole = dns === undefined ? undefined : { servers: [], searches: [], options: [], ...dns };
  expect(renderResolvConf(whole, HOST)).toBe(expected);
});

it.each([['10.0.0.10\noptions rotate'], [''], ['a b']])('resolv.conf: refuses %j', (server) => {
  expect(() => renderResolvConf({ servers: [server], searches: [], options: [] }, HOST)).toThrow(
    /is not one word/,
  );
});

it('hosts: the pod’s name stands for all its addresses', () => {
  const text = renderHosts({ hostname: 'web-0', ips: ['10.1.0.2', 'fd00::2'] });
  expect(text).toMatch(/^127\.0\.0\.1\tlocalhost\n::1\tlocalhost /);
  expect(text.endsWith('\n10.1.0.2\tweb-0\nfd00::2\tweb-0\n')).toBe(true);
});

it('hostname: is one line', () => {
  expect(renderHostname('web-0')).toBe('web-0\n');
});

it.each([[''], ['a b'], ['a\n10.0.0.1 x'], ['x'.repeat(65)]])('refuses the hostname %j', (hostname) => {
  expect(() => renderHostname(hostname)).toThrow(/is not a word of 1 to 64 bytes/);
  expect(() => renderHosts({ hostname, ips: [] })).toThrow(/is not a word/);
});
