import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { run } from '@crihub/transport/process';

/*
 * The doctor against the machine that it runs on. What is true of it is asked of the kernel by other ways
 * than the doctor's, so this holds on any machine.
 */

const COMMAND = path.join(import.meta.dirname, '../main.ts');

interface Told {
  readonly check: string;
  readonly level: string;
  readonly message: string;
  readonly advice?: string;
}

/** Whether a bit of a mask in /proc/self/status is set. */
const hasCapability = (status: string, mask: string, bit: number): boolean =>
  ((BigInt(`0x${new RegExp(`^${mask}:\\s*(\\w+)`, 'm').exec(status)?.[1] ?? '0'}`) >> BigInt(bit)) & 1n) ===
  1n;

const text = async (file: string): Promise<string> => await readFile(file, 'utf8').catch(() => '');

describe('the doctor on this machine', () => {
  let told: readonly Told[];
  const of = (check: string): readonly Told[] => told.filter((finding) => finding.check === check);

  beforeAll(async () => {
    const result = await run(process.execPath, { args: [COMMAND, 'doctor', '-o', 'json'] });
    told = JSON.parse(result.stdout.toString()) as readonly Told[];
  });

  it('names the capabilities that are missing, CAP_SYS_RESOURCE among them if it is', async () => {
    const status = await text('/proc/self/status');
    const SYS_RESOURCE = 24; // linux/capability.h
    const has = ['CapEff', 'CapBnd'].every((mask) => hasCapability(status, mask, SYS_RESOURCE));
    const named = of('capabilities').some(({ message }) => message === 'CAP_SYS_RESOURCE is missing');
    expect(named).toBe(!has);
    if (named) expect(of('capabilities')[0]?.advice).toContain('grant it');
  });

  it('tells the version of cgroups by what is mounted', async () => {
    const mounts = await text('/proc/self/mounts');
    const unifiedAlone = / \/sys\/fs\/cgroup cgroup2 /.test(mounts);
    expect(of('cgroups')[0]).toMatchObject(
      unifiedAlone
        ? { level: 'ok', message: 'version 2 on /sys/fs/cgroup' }
        : { level: 'warning', message: expect.stringMatching(/^version 1/) as string },
    );
  });

  it('tells whether AppArmor is there', async () => {
    const on = (await text('/sys/module/apparmor/parameters/enabled')).startsWith('Y');
    expect(of('apparmor')[0]?.level).toBe(on ? 'ok' : 'warning');
  });

  it('does not take KVM for usable because its device opens', async () => {
    const [kvm] = of('kvm');
    const device = (await readdir('/dev')).includes('kvm');
    if (!device) return expect(kvm).toMatchObject({ level: 'warning', message: 'there is no /dev/kvm' });
    expect(kvm).toMatchObject(
      (await qemuTakesKvm())
        ? { level: 'ok', message: '/dev/kvm runs machine code' }
        : { level: 'warning', message: expect.stringContaining('not usable') as string },
    );
  });

  it('gives advice with all that is not well, and none with what is', () => {
    for (const { level, advice } of told) expect(advice === undefined).toBe(level === 'ok');
  });
});

/** Whether QEMU's KVM gives all features of the least of its processors; QEMU ends with 1 if not. */
async function qemuTakesKvm(): Promise<boolean> {
  const machine = [
    '-accel',
    'kvm',
    '-cpu',
    'qemu64,enforce',
    '-m',
    '32',
    '-nodefaults',
    '-display',
    'none',
    '-S',
  ];
  const { exitCode } = await run('timeout', { args: ['3', 'qemu-system-x86_64', ...machine] });
  const STOPPED_BY_TIMEOUT = 124;
  return exitCode === STOPPED_BY_TIMEOUT;
}
