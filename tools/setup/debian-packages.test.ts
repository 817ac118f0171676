import { describe, expect, it } from 'vitest';
import { notInstalled } from './debian-packages.ts';

describe('notInstalled', () => {
  it.each([
    { sentence: 'an installed package is not missing', listing: 'runc installed\n', missing: [] },
    {
      sentence: 'an architecture suffix is no part of the name',
      listing: 'runc:amd64 installed\n',
      missing: [],
    },
    {
      sentence: 'a removed package whose configuration is left is missing',
      listing: 'runc config-files\n',
      missing: ['runc'],
    },
    { sentence: 'a half-installed package is missing', listing: 'runc half-installed\n', missing: ['runc'] },
    { sentence: 'a package that dpkg never heard of is missing', listing: '', missing: ['runc'] },
  ])('$sentence', ({ listing, missing }) => {
    expect(notInstalled(['runc'], listing)).toEqual(missing);
  });
});
