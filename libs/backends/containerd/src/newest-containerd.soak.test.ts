import { join } from 'node:path';
import { runBackendContract } from '@crihub/contract-testkit';
import { GoMissingError, upstreamContainerd } from '@crihub/tool-conformance';
import { it } from 'vitest';
import { ContainerdRig } from './testing/containerd-rig.ts';

const newest = await upstreamContainerd(() => undefined).catch((error: unknown) => {
  if (error instanceof GoMissingError) return error;
  throw error;
});
if (newest instanceof GoMissingError) it.skip(newest.message, () => undefined);
else {
  const program = join(newest, 'containerd');
  runBackendContract('the newest containerd', () => ContainerdRig.start({ program }));
}
