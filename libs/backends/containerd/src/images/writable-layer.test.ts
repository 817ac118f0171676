import { expect, it } from 'vitest';
import { writableLayerOf } from './writable-layer.ts';

const SNAPSHOTS = '/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots';

it.each<[string, string, readonly string[], object | undefined]>([
  [
    'an overlay',
    'overlay',
    ['index=off', `workdir=${SNAPSHOTS}/7/work`, `upperdir=${SNAPSHOTS}/7/fs`, `lowerdir=${SNAPSHOTS}/6/fs`],
    { directory: `${SNAPSHOTS}/7/fs`, store: SNAPSHOTS },
  ],
  ['a view, which takes none', 'overlay', [`lowerdir=${SNAPSHOTS}/6/fs`], undefined],
  ['a tree of its own', 'bind', ['rw', 'rbind'], undefined],
])('finds the changes in %s', (_sentence, type, options, expected) => {
  const mount = { type, source: type, target: '', options };
  expect(writableLayerOf([mount])).toEqual(expected);
});
