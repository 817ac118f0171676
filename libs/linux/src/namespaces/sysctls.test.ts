import { describe, expect, it } from 'vitest';
import { parseInterfaceStatistics } from './interface-statistics.ts';
import { namespaceOfSysctl, sysctlFile, writeSysctls } from './sysctls.ts';

describe('sysctls', () => {
  it.each([
    { name: 'net.ipv4.ip_forward', type: 'net', file: '/proc/sys/net/ipv4/ip_forward' },
    { name: 'net/ipv4/ip_forward', type: 'net', file: '/proc/sys/net/ipv4/ip_forward' },
    {
      name: 'net/ipv4/conf/eth0.100/rp_filter',
      type: 'net',
      file: '/proc/sys/net/ipv4/conf/eth0.100/rp_filter',
    },
    {
      name: 'net.ipv4.conf.eth0/100.rp_filter',
      type: 'net',
      file: '/proc/sys/net/ipv4/conf/eth0.100/rp_filter',
    },
    { name: 'kernel.shmmax', type: 'ipc', file: '/proc/sys/kernel/shmmax' },
    { name: 'kernel.sem', type: 'ipc', file: '/proc/sys/kernel/sem' },
    { name: 'fs.mqueue.msg_max', type: 'ipc', file: '/proc/sys/fs/mqueue/msg_max' },
    { name: 'kernel.domainname', type: 'uts', file: '/proc/sys/kernel/domainname' },
    { name: 'vm.swappiness', type: undefined, file: '/proc/sys/vm/swappiness' },
    { name: 'kernel.panic', type: undefined, file: '/proc/sys/kernel/panic' },
  ])('$name belongs to $type', ({ name, type, file }) => {
    expect(namespaceOfSysctl(name)).toBe(type);
    expect(sysctlFile(name)).toBe(file);
  });

  it.each(['net', '', 'net..ipv4', 'net/../vm/swappiness', '/net/ipv4', 'net.ipv4.', 'net.a b', 'net.//.vm'])(
    'refuses the name "%s"',
    (name) => expect(() => sysctlFile(name)).toThrow('is not the name of a sysctl'),
  );

  it('writes nothing when one of several is not allowed', () => {
    const sysctls = { 'net.no.such.file': '1', 'vm.swappiness': '1' };
    expect(() => writeSysctls(sysctls, ['net'])).toThrow('"vm.swappiness"');
  });
});

describe('parseInterfaceStatistics', () => {
  it('reads counters, also when nothing is between name and number', () => {
    const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0
  eth0:9876543210 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16
`;
    const [lo, eth0] = parseInterfaceStatistics(text);
    expect(lo).toMatchObject({ name: 'lo', receivedBytes: 0, sentBytes: 0 });
    expect(eth0).toEqual({
      name: 'eth0',
      receivedBytes: 9_876_543_210,
      receivedPackets: 2,
      receiveErrors: 3,
      receiveDropped: 4,
      sentBytes: 9,
      sentPackets: 10,
      sendErrors: 11,
      sendDropped: 12,
    });
  });
});
