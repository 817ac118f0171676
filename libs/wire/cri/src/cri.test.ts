import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compile, generate, textFiles } from '../../testing/compile.ts';
import { wireTable } from '../../testing/wire-table.ts';
import { ContainerConfig, PodSandboxConfig, RuntimeServiceService, Signal } from './index.ts';

const readTable = async (): Promise<readonly string[]> => {
  const text = await readFile(join(import.meta.dirname, '../test/runtime.v1.tsv'), 'utf8');
  return text.split('\n').slice(1, -1);
};

describe('runtime/v1/api.proto', () => {
  it('has every row of the wire table, and nothing else', async () => {
    const [expected, actual] = await Promise.all([readTable(), compile('cri/proto').then(wireTable)]);
    expect(expected).toHaveLength(634);
    expect(actual.toSorted()).toEqual(expected.toSorted());
  });

  it('is what the generated code was made from', async () => {
    const [fresh, checkedIn] = await Promise.all([
      generate('cri/proto'),
      textFiles(join(import.meta.dirname, 'generated')),
    ]);
    expect([...checkedIn.keys()]).toEqual([...fresh.keys()]);
    for (const [path, text] of fresh) {
      // A boolean, since the difference of two texts of this size helps nobody.
      expect(checkedIn.get(path) === text, `${path} is stale: run "npm run generate"`).toBe(true);
    }
  });
});

describe('the codec', () => {
  it('keeps an environment value that is not UTF-8 as it is', () => {
    const value = Buffer.from([0x61, 0xff, 0x00, 0xfe]);
    const config = ContainerConfig.create({ envs: [{ key: 'RAW', value }] });
    const read = ContainerConfig.decode(ContainerConfig.encode(config).finish());
    expect(read.envs[0]?.value).toEqual(value);
    expect(Buffer.isBuffer(read.envs[0]?.value)).toBe(true);
  });

  it('keeps 64-bit numbers that a double cannot hold', () => {
    const config = PodSandboxConfig.create({
      linux: { resources: { cpuQuota: -1n, cpuShares: 2n ** 53n + 1n } },
    });
    const read = PodSandboxConfig.decode(PodSandboxConfig.encode(config).finish());
    expect(read.linux?.resources).toMatchObject({ cpuQuota: -1n, cpuShares: 9_007_199_254_740_993n });
  });

  it('leaves a message that was not sent undefined, and gives scalars and lists their zero', () => {
    const config = ContainerConfig.decode(new Uint8Array());
    expect(config).toMatchObject({
      metadata: undefined,
      logPath: '',
      envs: [],
      stopSignal: Signal.SIGNAL_RUNTIME_DEFAULT,
    });
  });

  it('reads a message of a newer peer, fields and enum values it does not know included', () => {
    const unknownField = [0xf8, 0x7f, 0x01]; // field 2047, varint 1
    const stopSignal = [0x90, 0x01, 0xe7, 0x07]; // field 18, varint 999
    const config = ContainerConfig.decode(Uint8Array.from([...unknownField, ...stopSignal]));
    expect(config.stopSignal).toBe(999);
  });

  it('does not let a label named __proto__ reach the prototype', () => {
    const entry = [0x0a, 9, ...Buffer.from('__proto__'), 0x12, 1, 0x7a];
    const config = PodSandboxConfig.decode(Uint8Array.from([0x32, entry.length, ...entry]));
    expect(Object.getPrototypeOf(config.labels)).toBe(Object.prototype);
  });

  it.each(['runPodSandbox', 'streamContainers', 'getContainerEvents'] as const)(
    'names the path of %s as the kubelet calls it',
    (name) => {
      const path = `/runtime.v1.RuntimeService/${name.charAt(0).toUpperCase()}${name.slice(1)}`;
      expect(RuntimeServiceService[name].path).toBe(path);
    },
  );
});
