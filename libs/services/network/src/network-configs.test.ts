import { mkdir, mkdtempDisposable, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@crihub/kernel';
import { expect, it, vi } from 'vitest';
import { NetworkConfigs } from './network-configs.ts';

const list = (name: string): string =>
  JSON.stringify({ cniVersion: '1.0.0', name, plugins: [{ type: 'bridge' }] });

it('follows the files of its directory without waiting for the next reading', async () => {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'cni-conf-'));
  const changes: (string | undefined)[] = [];
  const configs: NetworkConfigs = new NetworkConfigs(
    { directory: directory.path, debounceMs: 10, rescanMs: 60_000 },
    { logger: silentLogger, onChange: () => changes.push(configs.default?.name) },
  );
  await configs.start();
  expect(configs.describeAbsence()).toBe(`no CNI configuration in ${directory.path}`);
  await writeFile(join(directory.path, '20.conflist'), list('second'));
  await vi.waitFor(() => expect(configs.default?.name).toBe('second'), 5_000);
  await writeFile(join(directory.path, '10.conflist'), list('first'));
  await vi.waitFor(() => expect(configs.default?.name).toBe('first'), 5_000);
  await writeFile(join(directory.path, '10.conflist'), '{');
  await vi.waitFor(() => expect(configs.loaded.problems).toHaveLength(1), 5_000);
  expect(configs.default?.name).toBe('second');
  await rm(join(directory.path, '20.conflist'));
  await vi.waitFor(() => expect(configs.default).toBeUndefined(), 5_000);
  expect(configs.describeAbsence()).toMatch(/no usable CNI configuration in .*10\.conflist is not JSON/);
  await configs.close();
  expect(changes.filter((name) => name !== undefined)).toEqual(['second', 'first', 'second']);
});

it('finds a directory that is made later, and one that takes its place', async () => {
  await using parent = await mkdtempDisposable(join(tmpdir(), 'cni-conf-'));
  const directory = join(parent.path, 'net.d');
  const configs = new NetworkConfigs({ directory, debounceMs: 5, rescanMs: 20 }, { logger: silentLogger });
  await configs.start();
  await mkdir(directory);
  await writeFile(join(directory, '10.conflist'), list('one'));
  await vi.waitFor(() => expect(configs.default?.name).toBe('one'), 5_000);
  await rename(directory, join(parent.path, 'old'));
  await mkdir(directory);
  await writeFile(join(directory, '10.conflist'), list('two'));
  await vi.waitFor(() => expect(configs.default?.name).toBe('two'), 5_000);
  await configs.close();
});

it('keeps what it has when the directory cannot be read, and says so once', async () => {
  await using parent = await mkdtempDisposable(join(tmpdir(), 'cni-conf-'));
  const directory = join(parent.path, 'net.d');
  await mkdir(directory);
  await writeFile(join(directory, '10.conflist'), list('one'));
  const warn = vi.fn();
  const configs = new NetworkConfigs({ directory, rescanMs: 60_000 }, { logger: { ...silentLogger, warn } });
  await configs.start();
  await rm(directory, { recursive: true });
  await writeFile(directory, 'a file');
  await configs.reload();
  await configs.reload();
  expect(configs.default?.name).toBe('one');
  expect(warn).toHaveBeenCalledTimes(1);
  await configs.close();
});

it('does nothing more once it is closed', async () => {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'cni-conf-'));
  const onChange = vi.fn();
  const options = { directory: directory.path, debounceMs: 5, rescanMs: 5 };
  const configs = new NetworkConfigs(options, { logger: silentLogger, onChange });
  await configs.start();
  await configs.close();
  onChange.mockClear();
  await writeFile(join(directory.path, '10.conflist'), list('late'));
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(onChange).not.toHaveBeenCalled();
});
