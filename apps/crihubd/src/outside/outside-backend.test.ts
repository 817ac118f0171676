import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backend } from '@crihub/contract';
import { newContainerId, silentLogger, systemClock } from '@crihub/kernel';
import { findPackage } from './find-package.ts';
import { loadPackage } from './load-package.ts';
import { packageOf } from './loaded-packages.ts';
import { OutsideBackend } from './outside-backend.ts';

/** A package's source; `methods` is the body of its backend. */
const source = (methods: string, { version = '1.0', before = '' } = {}): string => `${before}
export const backend = {
  contractVersion: '${version}',
  options: { '~standard': { version: 1, validate: (value) =>
    value.memory > 0 ? { value } : { issues: [{ message: 'must be above 0', path: ['memory'] }] } } },
  create: (options) => ({ options, kind: 'x', rootfs: 'hub', sandboxes: {}, containers: {}, processes: {}, ${methods} }),
};`;

const PACKAGES: Readonly<Record<string, string>> = {
  good: source(
    "health: async () => ({ healthy: false, reason: 'Resting', message: 'memory ' + options.memory })",
  ),
  newer: source('', { version: '1.9' }),
  other: source('', { version: '2.0' }),
  throws: source('', { before: "throw new Error('no licence');" }),
  waits: source('', { before: 'await new Promise(() => undefined);' }),
  empty: 'export const nothing = 1;',
  'fails-to-make': source('...(() => { throw new TypeError("no disk"); })()'),
  rude: source(`
    health: () => { throw 'just text'; },
    inventory: async () => ({ sandboxes: [{ id: 'all' }], containers: [] }),
    start: () => new Promise(() => undefined),
    containers: { signal: () => { throw new Error('surprise'); } },
    async *events() { throw new Error('no events'); },
  `),
};

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'crihub-outside-'));
  for (const [name, text] of Object.entries(PACKAGES)) {
    const home = join(directory, 'node_modules/@vendor', name);
    await mkdir(home, { recursive: true });
    await writeFile(join(home, 'index.mjs'), text);
    await writeFile(
      join(home, 'package.json'),
      JSON.stringify({ name: `@vendor/${name}`, main: './index.mjs' }),
    );
  }
});
afterAll(async () => await rm(directory, { recursive: true }));

const find = async (name: string): Promise<OutsideBackend> => {
  const found = await OutsideBackend.find(`@vendor/${name}`, directory);
  if (found === undefined) throw new Error(`${name} is not found`);
  return found;
};
const make = async (name: string): Promise<Backend> =>
  await (
    await find(name)
  ).make(
    { memory: 5 },
    { handler: 'h', instance: 'i', stateDirectory: '/s', runDirectory: '/r', cgroupDriver: 'cgroupfs' },
    { logger: silentLogger, clock: systemClock },
  );
const soon = (): AbortSignal => AbortSignal.timeout(5_000);

it.each(['@vendor/missing', '../good', '/etc', 'vitest'])('finds no package %s', async (name) => {
  expect(await OutsideBackend.find(name, directory)).toBeUndefined();
});

it('makes the backend of a package, with the options that its schema gave', async () => {
  const backend = await make('good');
  expect(backend.kind).toBe('@vendor/good');
  expect(await backend.health(soon())).toMatchObject({ reason: 'Resting', message: 'memory 5' });
});

it('tells the mistakes of options, with their place', async () => {
  const backend = await find('good');
  expect(await backend.check({ memory: 0 }, 'c.yaml: handlers.vm')).toEqual([
    'c.yaml: handlers.vm.memory: must be above 0',
  ]);
});

it.each([
  ['newer', 'version 1.9 of the backend contract, and this is version 1.0'],
  ['other', 'version 2.0 of the backend contract'],
  ['throws', 'no licence'],
  ['empty', 'its export backend'],
  ['fails-to-make', 'could not be made: no disk'],
])('gives a handler that says why for a package that is %s', async (name, message) => {
  const backend = await make(name);
  expect(await backend.health(soon())).toMatchObject({
    healthy: false,
    message: expect.stringContaining(message) as string,
  });
  await expect(backend.inventory(soon())).rejects.toMatchObject({ kind: 'Unavailable' });
});

it('waits for a package only so long', async () => {
  const found = await findPackage('@vendor/waits', directory);
  await expect(found && loadPackage('@vendor/waits', found, 50)).rejects.toThrow("can't be loaded");
});

describe('a package that breaks the rules', () => {
  it.each<[string, (backend: Backend) => Promise<unknown>, object]>([
    ['throws what is no error', (b) => b.health(soon()), { kind: 'Internal' }],
    ['answers nonsense', (b) => b.inventory(soon()), { kind: 'Internal', operation: 'inventory' }],
    [
      'throws before it returns',
      (b) => b.containers.signal(newContainerId(), 'SIGTERM', 'init', soon()),
      { kind: 'Internal' },
    ],
    ['is deaf to its signal', (b) => b.start(AbortSignal.timeout(20)), { name: 'TimeoutError' }],
    ['fails to tell events', async (b) => await Array.fromAsync(b.events(soon())), { kind: 'Internal' }],
  ])('and %s fails its own call alone', async (_case, call, error) => {
    await expect(call(await make('rude'))).rejects.toMatchObject(error);
  });

  it('is known by the stacks of its errors', async () => {
    const caught = await (
      await make('rude')
    ).containers
      .signal(newContainerId(), 'SIGTERM', 'init', soon())
      .catch((error: unknown) => (error as Error).cause);
    expect(packageOf(caught)).toBe('@vendor/rude');
    expect(packageOf(new Error('ours'))).toBeUndefined();
  });
});
