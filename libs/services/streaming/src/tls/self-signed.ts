import { KeyObject, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import type * as X509 from '@peculiar/x509';
import type { TlsIdentity } from './tls-identity.ts';

const YEAR_MS = 365 * 24 * 3_600_000;
/** Clocks that are behind must take it too. */
const HEAD_START_MS = 3_600_000;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/**
 * A new key and a certificate for a year, signed by itself: for a node that gives no certificate of its
 * own. The client learns of the URL over the CRI's socket, and of nothing else whom to trust.
 * @param hosts names and addresses of the node, at least one; the first is the common name.
 */
export async function selfSignedIdentity(
  hosts: readonly [string, ...string[]],
  now = new Date(),
): Promise<TlsIdentity> {
  const x509 = await loadX509();
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [hosts[0]] }],
    notBefore: new Date(now.getTime() - HEAD_START_MS),
    notAfter: new Date(now.getTime() + YEAR_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        hosts.map((host) => ({ type: isIP(host) === 0 ? 'dns' : 'ip', value: host })),
      ),
    ],
  });
  const key = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString();
  return { cert: certificate.toString('pem'), key };
}

/** Few nodes need it, and it is large: so it is loaded on demand, after the polyfill that it asks for. */
async function loadX509(): Promise<typeof X509> {
  await import('reflect-metadata');
  return await import('@peculiar/x509');
}
