import { createHash, randomBytes } from 'node:crypto';
import { type RemoteCommandOptions, runRemoteCommand } from '@crihub/service-streaming/testing';
import { type CriClient } from '@crihub/tool-fixtures';
import { execUrl } from './open-stream.ts';

const MIB = 1024 * 1024;
/** What client-go's copy loops write at once. */
const WRITE_BYTES = 32 * 1024;

export interface CatResult {
  readonly status: unknown;
  readonly bytes: number;
  /** True if what came back is what was sent, to the last byte. */
  readonly same: boolean;
}

/** Sends so many MiB of random data through `cat` in a container, and compares what comes back. */
export async function randomCat(
  cri: CriClient,
  containerId: string,
  transport: RemoteCommandOptions['transport'],
  mebibytes: number,
): Promise<CatResult> {
  const [sent, received] = [createHash('sha256'), createHash('sha256')];
  function* input(): Generator<Buffer> {
    for (let left = mebibytes; left > 0; left -= 1) {
      const random = randomBytes(MIB);
      sent.update(random);
      for (let at = 0; at < MIB; at += WRITE_BYTES) yield random.subarray(at, at + WRITE_BYTES);
    }
  }
  let bytes = 0;
  const output = (chunk: Buffer): void => {
    bytes += chunk.length;
    received.update(chunk);
  };
  const url = await execUrl(cri, containerId, ['cat'], { stdin: true });
  const status: unknown = JSON.parse(await runRemoteCommand(url, { transport, input: input(), output }));
  return { status, bytes, same: sent.digest('hex') === received.digest('hex') };
}
