import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { chainedLayers } from './layers.ts';

const layer = (digest: string) =>
  ({ digest, compression: 'gzip', size: 1, open: () => Readable.from([]) }) as const;
const parts = (diffIds: readonly string[], layers: readonly ReturnType<typeof layer>[]) => ({
  config: Buffer.from(JSON.stringify({ rootfs: { type: 'layers', diff_ids: diffIds } })),
  layers,
});

it('names each layer by itself and all below it', () => {
  const chain = chainedLayers(parts(['sha256:a', 'sha256:b', 'sha256:c'], ['1', '2', '3'].map(layer)));
  expect(chain.map(({ source }) => source.digest)).toEqual(['1', '2', '3']);
  expect(chain.map(({ chainId }) => chainId)).toEqual([
    'sha256:a',
    // sha256sum of "sha256:a sha256:b", and of that digest with "sha256:c"
    'sha256:970a948bffa8de94d6e22d747ba8c95030e6e546909f98f54e99a13005e173a8',
    'sha256:dee159b33409cefa3f6eda71539f006014283e9d9130c18a1dea7bd8a33c9b1b',
  ]);
});

it('refuses a config that does not go with the layers', () => {
  expect(() => chainedLayers(parts(['sha256:a'], []))).toThrow('names 1 layers, and it has 0');
});
