import { describe, expect, it } from 'vitest';
import { conmonArguments, type MonitoredContainer } from './conmon-arguments.ts';

const container: MonitoredContainer = {
  id: 'c1',
  bundle: '/run/b/c1',
  persistentDirectory: '/run/p/c1',
  logPath: '/var/log/pods/p/c/0.log',
  terminal: false,
  stdin: false,
  stdinOnce: false,
};
const settings = {
  runtime: '/usr/bin/crun',
  runtimeRoot: '/run/rt',
  exitDirectory: '/run/exits',
  systemdCgroup: false,
};

describe('conmonArguments', () => {
  it.each([
    ['writes the CRI log', {}, ['--log-path', 'k8s-file:/var/log/pods/p/c/0.log']],
    ['discards the output without a log path', { logPath: '' }, ['--log-path', 'none']],
    ['notes kills for lack of memory where it is told to', {}, ['--persist-dir', '/run/p/c1']],
    ['asks for a terminal', { terminal: true }, ['--terminal']],
    ['keeps standard input open between attaches', { stdin: true }, ['--stdin', '--leave-stdin-open']],
  ])('%s', (_what, change, expected) => {
    expect(conmonArguments({ ...container, ...change }, settings).join(' ')).toContain(expected.join(' '));
  });

  it.each([
    [
      'closes standard input after the first attach if told to',
      { stdin: true, stdinOnce: true },
      '--leave-stdin-open',
    ],
    ['has no standard input unless asked for', {}, '--stdin'],
    ['has no terminal unless asked for', {}, '--terminal'],
    ['leaves cgroups to the runtime unless systemd has them', {}, '--systemd-cgroup'],
  ])('%s', (_what, change, absent) => {
    expect(conmonArguments({ ...container, ...change }, settings)).not.toContain(absent);
  });

  it('tells the runtime about systemd', () => {
    expect(conmonArguments(container, { ...settings, systemdCgroup: true })).toContain('--systemd-cgroup');
  });
});
