import { builtDocker, GoMissingError } from '@crihub/tool-conformance';
import { describe, it } from 'vitest';
import { runEngineContract } from './testing/engine-contract.ts';

const programs = await builtDocker(() => undefined).catch((error: unknown) => {
  if (error instanceof GoMissingError) return error;
  throw error;
});
if (programs instanceof GoMissingError) it.skip(programs.message, () => undefined);
else
  describe.each([
    ['images of its own', false],
    ['images in containerd', true],
  ])('on the newest Docker Engine with %s', (_what, containerdImages) => {
    runEngineContract({ programs, containerdImages });
  });
