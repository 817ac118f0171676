import { describe, expect, it } from 'vitest';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeSettings, renderDefaultConfig, renderSettingsTable } from './describe.ts';
import { parseConfig } from './load.ts';

describe('configuration', () => {
  it('gives every default for an empty file', () => {
    const config = parseConfig('', 'c.yaml');
    expect(config.socket).toBe('/run/crihub/crihub.sock');
    expect(Object.keys(config.handlers)).toEqual(['runc']);
    expect(config.images.maxConcurrentDownloads).toBe(3);
  });

  it('passes what it does not know of a handler on to the backend', () => {
    const config = parseConfig(
      'handlers: { crun: { backend: runc, runtime: crun } }\ndefaultHandler: crun',
      'c.yaml',
    );
    expect(config.handlers['crun']?.['runtime']).toBe('crun');
  });

  it.each([
    ['a wrong type', 'socket: 5', 'c.yaml: socket is 5:'],
    ['a relative path', 'stateDirectory: var', 'c.yaml: stateDirectory is "var": an absolute path'],
    ['an unknown setting', 'sokcet: /x', 'c.yaml: sokcet is no setting'],
    ['an unknown nested setting', 'images: { pined: [] }', 'c.yaml: images.pined is no setting'],
    ['a value out of an enum', 'cgroupDriver: cgroups', 'c.yaml: cgroupDriver is "cgroups": '],
    [
      'a number out of range',
      'images: { maxConcurrentDownloads: 0 }',
      'c.yaml: images.maxConcurrentDownloads is 0:',
    ],
    ['a handler without a backend', 'handlers: { runc: {} }', 'c.yaml: handlers.runc.backend is missing:'],
    ['a handler name that no RuntimeClass can have', 'handlers: { Run_C: { backend: runc } }', 'handlers'],
    ['a default handler that is not there', 'defaultHandler: kata', "c.yaml: defaultHandler is 'kata'"],
    ['a mode that is not octal', 'socketMode: "999"', 'c.yaml: socketMode is "999": an octal mode'],
    ['broken YAML', 'a: [', 'c.yaml: '],
    ['a file that is no mapping', '- a', 'c.yaml: the file is ["a"]'],
    [
      'a metrics address without port',
      'metrics: { address: localhost }',
      'metrics.address is "localhost": host:port, or \'off\'',
    ],
  ])('refuses %s and says where', (_case, text, message) => {
    expect(() => parseConfig(text, 'c.yaml')).toThrow(message);
  });

  it('prints a default file that reads back as the defaults', () => {
    expect(parseConfig(renderDefaultConfig(), 'c.yaml')).toEqual(parseConfig('', 'c.yaml'));
  });

  it('describes every setting', () => {
    for (const { name, meaning } of describeSettings()) expect(meaning, name).not.toBe('');
  });

  it('has every setting in docs/configuration.md, as `crihubd config describe --markdown` prints it', async () => {
    const page = await readFile(join(import.meta.dirname, '../../../docs/configuration.md'), 'utf8');
    const cells = (text: string): string[] =>
      text
        .split('\n')
        .filter((line) => line.startsWith('| `'))
        .map((line) => line.replaceAll(/\s+/g, ' '));
    const [table = ''] = page.split('\n## Options');
    expect(cells(table)).toEqual(cells(renderSettingsTable()));
  });
});
