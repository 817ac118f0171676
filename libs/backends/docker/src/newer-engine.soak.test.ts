import { describe, it } from 'vitest';
import { newerDocker } from '@crihub/tool-fixtures';
import { runEngineContract } from './testing/engine-contract.ts';

const newer = await newerDocker();
if (typeof newer === 'string') it.skip(newer, () => undefined);
else {
  const { version, programs } = newer;
  describe(`on Docker Engine ${version}`, () => {
    runEngineContract({ programs });
  });
}
