import ssh2 from 'ssh2';

/** An ed25519 key of a client or a server. */
export interface SshKey {
  /** In OpenSSH's format. */
  readonly privateKey: string;
  /** A line of `authorized_keys`, without a comment. */
  readonly publicKey: string;
}

export async function newSshKey(): Promise<SshKey> {
  const { promise, resolve, reject } = Promise.withResolvers<SshKey>();
  ssh2.utils.generateKeyPair('ed25519', {}, (error, keys) => {
    if (error === null) resolve({ privateKey: keys.private, publicKey: keys.public });
    else reject(error);
  });
  return await promise;
}
