import { join } from 'node:path';
import { runBackendContract } from '@crihub/contract-testkit';
import {
  builtContainerd,
  type ContainerdLine,
  GoMissingError,
  unlessGoIsMissing,
} from '@crihub/tool-conformance';
import { it } from 'vitest';
import { ContainerdRig } from './testing/containerd-rig.ts';

/** Beside the distribution's, which the integration tests run on. */
const LINES: readonly ContainerdLine[] = ['containerd-upstream', 'containerd-1.7'];

for (const line of LINES) {
  const built = await unlessGoIsMissing(builtContainerd(line, () => undefined));
  // Shown with the reason: there is no containerd to hold the promises to.
  if (built instanceof GoMissingError) it.skip(`${line}: ${built.message}`);
  else runBackendContract(line, () => ContainerdRig.start({ program: join(built, 'containerd') }));
}
