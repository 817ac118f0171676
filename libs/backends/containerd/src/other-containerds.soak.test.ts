import { join } from 'node:path';
import { runBackendContract } from '@crihub/contract-testkit';
import { builtContainerd, type ContainerdLine, GoMissingError } from '@crihub/tool-conformance';
import { it } from 'vitest';
import { ContainerdRig } from './testing/containerd-rig.ts';

/** Beside the distribution's, which the integration tests run on. */
const LINES: readonly ContainerdLine[] = ['containerd-upstream', 'containerd-1.7'];

for (const line of LINES) {
  const built = await builtContainerd(line, () => undefined).catch((error: unknown) => {
    if (error instanceof GoMissingError) return error;
    throw error;
  });
  if (built instanceof GoMissingError) it.skip(`${line}: ${built.message}`, () => undefined);
  else runBackendContract(line, () => ContainerdRig.start({ program: join(built, 'containerd') }));
}
