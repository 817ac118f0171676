import { builtDocker, GoMissingError, unlessGoIsMissing } from '@crihub/tool-conformance';
import { describe, it } from 'vitest';
import { runEngineContract } from './testing/engine-contract.ts';

const programs = await unlessGoIsMissing(builtDocker(() => undefined));
// Shown with the reason: there is no engine to hold the promises to.
if (programs instanceof GoMissingError) it.skip(programs.message);
else
  describe.each([
    ['images of its own', false],
    ['images in containerd', true],
  ])('on the newest Docker Engine with %s', (_what, containerdImages) => {
    runEngineContract({ programs, containerdImages });
  });
