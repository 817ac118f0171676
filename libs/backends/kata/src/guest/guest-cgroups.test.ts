import { describe, expect, it } from 'vitest';
import { GuestCgroups } from './guest-cgroups.ts';
import type { ShellReply } from './shell-session.ts';

/** A guest in which some files refuse what is written, as often as told. */
function guest(refusals: Record<string, number> = {}): {
  readonly cgroups: GuestCgroups;
  readonly scripts: string[];
} {
  const scripts: string[] = [];
  const run = async (script: string): Promise<ShellReply> => {
    scripts.push(script);
    const file = Object.keys(refusals).find((name) => script.includes(name) && (refusals[name] ?? 0) > 0);
    if (file === undefined) return { status: 0, output: '' };
    refusals[file] = (refusals[file] ?? 0) - 1;
    return { status: 1, output: 'Invalid argument' };
  };
  return { cgroups: new GuestCgroups({ shell: { run } }), scripts };
}

describe('limits in a guest', () => {
  it('are written to the files of the group', async () => {
    const { cgroups, scripts } = guest();
    await cgroups.limit('/crihub/c', { memoryLimitBytes: 1024, cpuQuotaUs: 5000, cpuPeriodUs: 10_000 });
    expect(scripts).toContain(`echo '1024' >'/sys/fs/cgroup/crihub/c/memory.max'`);
    expect(scripts).toContain(`echo '5000 10000' >'/sys/fs/cgroup/crihub/c/cpu.max'`);
  });

  it('are tried again after the others, which may stand in their way', async () => {
    const { cgroups } = guest({ 'cpu.max': 1 });
    await cgroups.limit('/c', { memoryLimitBytes: 1024, cpuQuotaUs: 5000 });
  });

  it('that the kernel refuses are the caller’s fault', async () => {
    const { cgroups } = guest({ 'memory.max': 2 });
    await expect(cgroups.limit('/c', { memoryLimitBytes: 1 })).rejects.toMatchObject({
      kind: 'InvalidArgument',
      message: 'memory.max can\'t be set to "1" in the guest',
    });
  });
});

it('kills until nothing is left', async () => {
  const { cgroups, scripts } = guest({ 'cgroup.kill': 2 });
  await cgroups.kill('/c');
  expect(scripts.length).toBe(3);
});

it('stops waiting with its caller', async () => {
  const { cgroups } = guest({ rmdir: Number.POSITIVE_INFINITY });
  await expect(cgroups.remove('/c', AbortSignal.timeout(50))).rejects.toMatchObject({ name: 'TimeoutError' });
});
