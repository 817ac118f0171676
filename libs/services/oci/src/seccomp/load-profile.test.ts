import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serializeOci } from '../serialize.ts';
import { plainSecurity } from '../testing/spec-fixture.ts';
import { loadSeccompProfile } from './load-profile.ts';
import { resolveSeccomp, type SeccompHost } from './resolve-seccomp.ts';
import type { SeccompContext } from './seccomp-context.ts';

const context: SeccompContext = { architecture: 'amd64', capabilities: ['CAP_KILL'], kernelVersion: [5, 10] };
const load = (profile: object) => loadSeccompProfile(JSON.stringify(profile), context);
const base = { defaultAction: 'SCMP_ACT_ERRNO' };
const allow = (name: string, more: object = {}) => ({ names: [name], action: 'SCMP_ACT_ALLOW', ...more });

describe('loadSeccompProfile', () => {
  it('takes a profile as the OCI specification has it', () => {
    const profile = {
      ...base,
      defaultErrnoRet: 38,
      architectures: ['SCMP_ARCH_X86_64'],
      flags: ['SECCOMP_FILTER_FLAG_LOG'],
      syscalls: [
        {
          names: ['a', 'b'],
          action: 'SCMP_ACT_ALLOW',
          args: [{ index: 1, value: 2, valueTwo: 3, op: 'SCMP_CMP_MASKED_EQ' }],
        },
        { names: ['c'], action: 'SCMP_ACT_ERRNO', errnoRet: 1 },
      ],
    };
    expect(load(profile)).toEqual(profile);
  });

  it("takes Docker's: architectures by host, `name` for one call, comments and nulls left aside", () => {
    const archMap = [
      { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] },
      { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] },
    ];
    const rule = {
      name: 'old',
      action: 'SCMP_ACT_ALLOW',
      args: null,
      comment: 'x',
      includes: {},
      excludes: {},
    };
    expect(load({ ...base, archMap, syscalls: [rule] })).toEqual({
      ...base,
      architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'],
      syscalls: [{ names: ['old'], action: 'SCMP_ACT_ALLOW' }],
    });
  });

  it.each<[string, object, boolean]>([
    ['included for the architecture', { includes: { arches: ['amd64', 'x32'] } }, true],
    ['included for another architecture', { includes: { arches: ['arm64'] } }, false],
    ['included for a capability that it has', { includes: { caps: ['CAP_KILL'] } }, true],
    ['included for two, of which it has one', { includes: { caps: ['CAP_KILL', 'CAP_BPF'] } }, false],
    ['included from an older kernel on', { includes: { minKernel: '4.8' } }, true],
    ['included from a newer kernel on', { includes: { minKernel: '5.11' } }, false],
    ['excluded for the architecture', { excludes: { arches: ['amd64'] } }, false],
    ['excluded for one of two capabilities', { excludes: { caps: ['CAP_BPF', 'CAP_KILL'] } }, false],
    ['excluded for another capability', { excludes: { caps: ['CAP_BPF'] } }, true],
    ['excluded from an older kernel on', { excludes: { minKernel: '5.10' } }, false],
  ])('a rule %s: %s', (_sentence, filter, holds) => {
    expect(load({ ...base, syscalls: [allow('call', filter)] }).syscalls).toHaveLength(holds ? 1 : 0);
  });

  it('keeps 64-bit values exact', () => {
    const text = `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["x"],"action":"SCMP_ACT_ERRNO",
      "args":[{"index":0,"value":18446744073709551615,"op":"SCMP_CMP_EQ"}]}]}`;
    expect(serializeOci(loadSeccompProfile(text, context))).toContain('"value":18446744073709551615');
  });

  it.each<[string, string, RegExp]>([
    ['no JSON', '{', /profile is not valid: .*JSON/],
    ['no object', '[]', /not valid/],
    ['no default action', '{}', /defaultAction/],
    ['an unknown action', '{"defaultAction":"ALLOW"}', /defaultAction/],
    [
      'an unknown operator',
      JSON.stringify({ ...base, syscalls: [allow('x', { args: [{ index: 0, value: 1, op: 'EQ' }] })] }),
      /syscalls\[0\]\.args\[0\]\.op/,
    ],
    [
      'an argument that calls do not have',
      JSON.stringify({
        ...base,
        syscalls: [allow('x', { args: [{ index: 6, value: 1, op: 'SCMP_CMP_EQ' }] })],
      }),
      /args\[0\]\.index/,
    ],
    [
      'a value beyond 64 bits',
      '{"defaultAction":"SCMP_ACT_LOG","syscalls":[{"names":["x"],"action":"SCMP_ACT_LOG","args":[{"index":0,"op":"SCMP_CMP_EQ","value":18446744073709551616}]}]}',
      /value/,
    ],
    [
      'two lists of architectures',
      JSON.stringify({ ...base, architectures: ['A'], archMap: [{ architecture: 'B' }] }),
      /architectures.*archMap/,
    ],
  ])('refuses %s, naming the place', (_sentence, text, message) => {
    expect(() => loadSeccompProfile(text, context)).toThrow(message);
  });
});

describe('resolveSeccomp', () => {
  const host: SeccompHost = { ...context, capabilities: ['CAP_KILL'], seccomp: true };
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'crihub-seccomp-'));
    await writeFile(join(directory, 'ok.json'), JSON.stringify({ ...base, syscalls: [allow('x')] }));
    await writeFile(join(directory, 'bad.json'), '{}');
  });
  afterAll(() => rm(directory, { recursive: true }));

  const local = (name: string) => ({
    ...plainSecurity,
    seccomp: { type: 'localhost', path: join(directory, name) } as const,
  });
  const byDefault = { ...plainSecurity, seccomp: { type: 'runtimeDefault' } } as const;

  it('reads a profile of the node', async () => {
    expect(await resolveSeccomp(local('ok.json'), host)).toMatchObject({ syscalls: [{ names: ['x'] }] });
  });

  it('fits the default profile to the capabilities that the container really gets', async () => {
    const security = { ...byDefault, capabilities: { add: ['SYS_ADMIN'], drop: [], addAmbient: [] } };
    const names = async (capabilities: readonly string[]) =>
      (await resolveSeccomp(security, { ...host, capabilities }))?.syscalls?.flatMap((rule) => rule.names);
    expect(await names(['CAP_SYS_ADMIN'])).toContain('mount');
    expect(await names(['CAP_KILL'])).not.toContain('mount');
  });

  it('is nothing if unconfined, privileged, or by default without seccomp', async () => {
    expect(await resolveSeccomp(plainSecurity, host)).toBeUndefined();
    expect(await resolveSeccomp({ ...byDefault, privileged: true }, host)).toBeUndefined();
    expect(await resolveSeccomp(byDefault, { ...host, seccomp: false })).toBeUndefined();
  });

  it.each<[string, string, boolean, string, RegExp]>([
    [
      'a missing file',
      'no.json',
      true,
      'FailedPrecondition',
      /no\.json can't be used: there is no such file/,
    ],
    ['a directory', '.', true, 'FailedPrecondition', /not a regular file/],
    ['a wrong file', 'bad.json', true, 'InvalidArgument', /bad\.json is not valid/],
    ['a host without seccomp', 'ok.json', false, 'FailedPrecondition', /does not support seccomp/],
  ])('refuses %s', async (_sentence, name, seccomp, kind, message) => {
    const failed = resolveSeccomp(local(name), { ...host, seccomp });
    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.toMatchObject({ kind });
  });
});
