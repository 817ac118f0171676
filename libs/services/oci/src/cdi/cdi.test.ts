import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { specInput } from '../testing/spec-fixture.ts';
import { buildSpec } from '../spec/build-spec.ts';
import { CdiRegistry } from './cdi-registry.ts';
import type { CdiEdits } from './container-edits.ts';

const roots: string[] = [];
let configured: string;
let generated: string;
let registry: CdiRegistry;

beforeEach(async () => {
  const root = await mkdtemp(join(tmpdir(), 'crihub-cdi-'));
  roots.push(root);
  configured = join(root, 'etc');
  generated = join(root, 'run');
  await mkdir(configured);
  await mkdir(generated);
  registry = new CdiRegistry({ directories: [configured, generated, join(root, 'missing')] });
});
afterAll(() => Promise.all(roots.map((root) => rm(root, { recursive: true }))));

const specFile = (devices: Readonly<Record<string, object>>, more: object = {}): string =>
  JSON.stringify({
    cdiVersion: '0.5.0',
    kind: 'vendor.com/gpu',
    devices: Object.entries(devices).map(([name, containerEdits]) => ({ name, containerEdits })),
    ...more,
  });

describe('CdiRegistry', () => {
  it('is nothing for no devices, whatever the files hold', async () => {
    await writeFile(join(configured, 'bad.json'), '{');
    expect(await registry.resolve([])).toBeUndefined();
  });

  it('joins the edits of a file, once, and of each device in the order asked for', async () => {
    const text = specFile(
      { a: { env: ['A=1'] }, b: { env: ['B=1'], additionalGids: [0, 44] } },
      { containerEdits: { env: ['ALL=1'], intelRdt: { closID: 'x' } } },
    );
    await writeFile(join(configured, 'vendor.json'), text);
    const edits = await registry.resolve(['vendor.com/gpu=b', 'vendor.com/gpu=a', 'vendor.com/gpu=b']);
    expect(edits).toMatchObject({
      env: ['ALL=1', 'B=1', 'A=1'],
      additionalGids: [44],
      intelRdt: { closID: 'x' },
    });
  });

  it('takes device nodes from the host where the file leaves them open', async () => {
    const deviceNodes = [
      { path: '/dev/gpu0', hostPath: '/dev/null' },
      { path: '/dev/zero', permissions: 'r', uid: 5 },
      { path: '/dev/made', type: 'b', major: 7, minor: 200 },
      { path: '/dev/pipe', type: 'p' },
    ];
    await writeFile(join(configured, 'vendor.json'), specFile({ a: { deviceNodes } }));
    const { devices = [] } = (await registry.resolve(['vendor.com/gpu=a'])) ?? {};
    expect(devices.map(({ hostPath: _, ...device }) => device)).toEqual([
      { path: '/dev/gpu0', type: 'c', major: 1, minor: 3, fileMode: 0o666, permissions: 'rwm' },
      { path: '/dev/zero', type: 'c', major: 1, minor: 5, fileMode: 0o666, uid: 5, permissions: 'r' },
      { path: '/dev/made', type: 'b', major: 7, minor: 200, permissions: 'rwm' },
      { path: '/dev/pipe', type: 'p', permissions: 'rwm' },
    ]);
    expect(devices.map(({ hostPath }) => hostPath)).toEqual([
      '/dev/null',
      '/dev/zero',
      '/dev/made',
      '/dev/pipe',
    ]);
  });

  it('reads YAML, and sees a file written after it was made', async () => {
    const yaml =
      'cdiVersion: 1.0.0\nkind: vendor.com/gpu\ndevices:\n- name: "0"\n  containerEdits:\n    env: [X=y]\n';
    await writeFile(join(generated, 'vendor.yaml'), yaml);
    expect((await registry.resolve(['vendor.com/gpu=0']))?.env).toEqual(['X=y']);
  });

  it('prefers what is generated to what is configured', async () => {
    await writeFile(join(configured, 'a.json'), specFile({ a: { env: ['FROM=etc'] } }));
    await writeFile(join(generated, 'a.json'), specFile({ a: { env: ['FROM=run'] } }));
    expect((await registry.resolve(['vendor.com/gpu=a']))?.env).toEqual(['FROM=run']);
  });

  it('refuses a device that two files of a directory describe, but no other', async () => {
    await writeFile(join(configured, 'a.json'), specFile({ a: {}, b: {} }));
    await writeFile(join(configured, 'b.json'), specFile({ a: {} }));
    await expect(registry.resolve(['vendor.com/gpu=a'])).rejects.toThrow(/both .*a\.json and .*b\.json/);
    expect(await registry.resolve(['vendor.com/gpu=b'])).toBeDefined();
  });

  it('names the known devices and the broken files when one is unknown', async () => {
    await writeFile(join(configured, 'a.json'), specFile({ a: {} }));
    await writeFile(join(configured, 'bad.json'), specFile({ b: {} }, { cdiVersion: '9.0.0' }));
    const failed = registry.resolve(['vendor.com/gpu=x']);
    await expect(failed).rejects.toThrow(
      /unknown CDI device "vendor\.com\/gpu=x"; known are vendor\.com\/gpu=a; .*bad\.json: .*cdiVersion/,
    );
    await expect(failed).rejects.toMatchObject({ kind: 'InvalidArgument' });
  });

  it.each([
    ['no JSON', '{'],
    ['a kind without a class', specFile({ a: {} }, { kind: 'vendor' })],
    ['no devices', specFile({})],
    ['a relative path', specFile({ a: { deviceNodes: [{ path: 'dev/x' }] } })],
    ['an unknown hook', specFile({ a: { hooks: [{ hookName: 'later', path: '/bin/x' }] } })],
    ['a variable without a value', specFile({ a: { env: ['NAME'] } })],
  ])('does not use a file with %s', async (_sentence, text) => {
    await writeFile(join(configured, 'bad.json'), text);
    await expect(registry.resolve(['vendor.com/gpu=a'])).rejects.toThrow(
      /none is known; these files can't be used: .*bad\.json/,
    );
  });

  it('refuses a device whose node the host does not have', async () => {
    const deviceNodes = [{ path: '/dev/no-such-gpu' }];
    await writeFile(join(configured, 'a.json'), specFile({ a: { deviceNodes } }));
    await expect(registry.resolve(['vendor.com/gpu=a'])).rejects.toMatchObject({
      kind: 'FailedPrecondition',
    });
  });
});

describe('applied to a specification', () => {
  const hook = { path: '/bin/hook', args: ['hook'] };
  const edits: CdiEdits = {
    env: ['PATH=/vendor', 'NEW=1'],
    devices: [
      { hostPath: '/dev/gpu', path: '/dev/gpu', type: 'c', major: 195, minor: 0, permissions: 'rw' },
      { hostPath: '/dev/own', path: '/dev/own', type: 'c', major: 195, minor: 1, uid: 3, permissions: 'r' },
    ],
    mounts: [{ destination: '/etc/hosts', type: 'bind', source: '/vendor/hosts', options: ['ro'] }],
    hooks: [
      { name: 'createRuntime', hook },
      { name: 'createRuntime', hook: { path: '/bin/second' } },
    ],
    additionalGids: [44, 7],
    intelRdt: { closID: 'c' },
  };
  const user = { uid: 1000, gid: 0, additionalGids: [7] };
  const spec = buildSpec(specInput({ cdi: edits, process: { user, env: ['PATH=/bin', 'A=b'] } }));

  it('edits replace variables, devices and mounts of the same name', () => {
    expect(spec.process.env).toEqual(['PATH=/vendor', 'A=b', 'NEW=1']);
    expect(spec.mounts.filter((mount) => mount.destination === '/etc/hosts')).toEqual(edits.mounts);
  });

  it("devices belong to the container's user unless they say otherwise, and may be used", () => {
    expect(spec.linux.devices).toEqual([
      { path: '/dev/gpu', type: 'c', major: 195, minor: 0, uid: 1000 },
      { path: '/dev/own', type: 'c', major: 195, minor: 1, uid: 3 },
    ]);
    expect(spec.linux.resources.devices.slice(-2)).toEqual([
      { allow: true, type: 'c', major: 195, minor: 0, access: 'rw' },
      { allow: true, type: 'c', major: 195, minor: 1, access: 'r' },
    ]);
  });

  it('hooks, groups and the RDT class are added', () => {
    expect(spec.hooks).toEqual({ createRuntime: [hook, { path: '/bin/second' }] });
    expect(spec.process.user.additionalGids).toEqual([7, 44]);
    expect(spec.linux.intelRdt).toEqual({ closID: 'c' });
  });
});
