import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { newSshKey } from '@crihub/transport/ssh';
import { z } from 'zod';

const storedIdentity = z.strictObject({
  /** By which the host logs in. */
  privateKey: z.string(),
  /** The guest's, which is pinned. */
  hostKey: z.string(),
});

/** What a connection to one machine needs. */
export type Identity = z.infer<typeof storedIdentity>;

const ENTROPY_BYTES = 64;
const NANOSECONDS = 1_000_000_000n;

/**
 * Makes the keys of a machine and writes down the host's part. The line is what `serve-channel` of the guest
 * takes: the time, random bytes, and the guest's part.
 */
export async function newIdentity(
  file: string,
  nowNs: bigint,
): Promise<{ identity: Identity; line: string }> {
  const [host, client] = await Promise.all([newSshKey(), newSshKey()]);
  const identity = { privateKey: client.privateKey, hostKey: host.publicKey };
  await writeFile(file, JSON.stringify(identity), { mode: 0o600 });
  const words = [
    'identity',
    String(nowNs / NANOSECONDS),
    String(nowNs % NANOSECONDS),
    randomBytes(ENTROPY_BYTES).toString('base64'),
    base64(host.privateKey),
    base64(`${client.publicKey}\n`),
  ];
  return { identity, line: `${words.join(' ')}\n` };
}

export const readIdentity = async (file: string): Promise<Identity> =>
  storedIdentity.parse(JSON.parse(await readFile(file, 'utf8')));

const base64 = (text: string): string => Buffer.from(text).toString('base64');
