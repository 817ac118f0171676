import type { Readable } from 'node:stream';
import { RuntimeError } from '@crihub/kernel';
import type { Credentials } from '@crihub/wire/admin';

export interface CredentialOptions {
  readonly username?: string;
  readonly passwordStdin?: boolean;
}

const MAX_PASSWORD_BYTES = 64 * 1024;

/**
 * The credentials that the command line gives; nothing where it gives none.
 * @throws InvalidArgument for one half of them without the other.
 */
export async function readCredentials(
  { username, passwordStdin = false }: CredentialOptions,
  stdin: Readable,
): Promise<Credentials | undefined> {
  if (username === undefined && !passwordStdin) return undefined;
  if (username === undefined)
    throw new RuntimeError('InvalidArgument', '--password-stdin needs --username <name> too');
  if (!passwordStdin) {
    throw new RuntimeError(
      'InvalidArgument',
      '--username needs --password-stdin too: a password on the command line could be seen by others',
    );
  }
  return { username, password: await readPassword(stdin) };
}

/** All of the stream, without the end of its line. */
async function readPassword(stdin: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_PASSWORD_BYTES)
      throw new RuntimeError('InvalidArgument', 'standard input is too long for a password');
  }
  const password = Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
  if (password === '') throw new RuntimeError('InvalidArgument', 'the password on standard input is empty');
  return password;
}
