import { describe, expect, it } from 'vitest';
import { featuresOfVersion, parseFeatures } from './runtime-features.ts';

describe('features of a runtime', () => {
  it.each([
    ['runc version 1.1.5+ds1', true, false],
    ['runc version 1.2.0', true, true],
    ['runc version 1.0.3', false, false],
    ['crun version 1.8.1', true, true],
    ['crun version 1.3', false, false],
    ['runsc version release-20260101.0', false, false],
  ])('are known by version: %s', (version, recursiveReadonlyMounts, idmappedMounts) => {
    expect(featuresOfVersion(version)).toEqual({ recursiveReadonlyMounts, idmappedMounts });
  });

  it.each([
    [
      'of runc 1.2',
      '{"mountOptions":["ro","rro"],"linux":{"mountExtensions":{"idmap":{"enabled":true}}}}',
      true,
      true,
    ],
    ['of runc 1.1, without id-mapped mounts', '{"mountOptions":["ro","rro"],"linux":{}}', true, false],
    ['that say nothing', '{}', false, false],
  ])('are read as told: %s', (_what, output, recursiveReadonlyMounts, idmappedMounts) => {
    expect(parseFeatures(output)).toEqual({ recursiveReadonlyMounts, idmappedMounts });
  });

  it.each(['Usage: crun [OPTION...] COMMAND', '{"mountOptions": 1}', ''])(
    'are not told by "%s"',
    (output) => {
      expect(parseFeatures(output)).toBeUndefined();
    },
  );
});
