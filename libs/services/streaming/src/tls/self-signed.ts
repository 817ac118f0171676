import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIPv4, isIPv6 } from 'node:net';
import {
  bitString,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  set,
  tagged,
  utcTime,
  utf8String,
} from './der.ts';
import type { TlsIdentity } from './tls-identity.ts';

const OID = {
  commonName: '2.5.4.3',
  subjectAltName: '2.5.29.17',
  extendedKeyUsage: '2.5.29.37',
  serverAuthentication: '1.3.6.1.5.5.7.3.1',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
} as const;
const YEAR_MS = 365 * 24 * 3_600_000;
/** Clocks that are behind must take it too. */
const HEAD_START_MS = 3_600_000;

/**
 * A new key and a certificate for a year, signed by itself: for a node that gives no certificate of its
 * own. The client learns of the URL over the CRI's socket, and of nothing else whom to trust.
 * @param hosts names and addresses of the node, at least one; the first is the common name.
 */
export function selfSignedIdentity(hosts: readonly [string, ...string[]], now = new Date()): TlsIdentity {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const body = certificateBody(hosts, publicKey, now);
  const signature = sign('sha256', body, privateKey); // ECDSA in DER, as X.509 wants it
  const certificate = sequence(body, signatureAlgorithm, bitString(signature));
  return {
    cert: pem('CERTIFICATE', certificate),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

const signatureAlgorithm = sequence(objectIdentifier(OID.ecdsaWithSha256));

/** TBSCertificate of RFC 5280, 4.1. */
function certificateBody(hosts: readonly [string, ...string[]], publicKey: KeyObject, now: Date): Buffer {
  const name = sequence(set(sequence(objectIdentifier(OID.commonName), utf8String(hosts[0]))));
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const from = new Date(now.getTime() - HEAD_START_MS);
  const until = new Date(now.getTime() + YEAR_MS);
  const extensions = sequence(
    extension(OID.extendedKeyUsage, sequence(objectIdentifier(OID.serverAuthentication))),
    extension(OID.subjectAltName, sequence(...hosts.map(alternativeName))),
  );
  return sequence(
    tagged(0xa0, integer(Buffer.of(2))), // version 3
    integer(serial),
    signatureAlgorithm,
    name,
    sequence(utcTime(from), utcTime(until)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, extensions),
  );
}

const extension = (oid: string, value: Buffer): Buffer => sequence(objectIdentifier(oid), octetString(value));

/** dNSName is [2], iPAddress is [7] (RFC 5280, 4.2.1.6). */
function alternativeName(host: string): Buffer {
  if (isIPv4(host)) return tagged(0x87, Buffer.from(host.split('.').map(Number)));
  if (isIPv6(host)) return tagged(0x87, ipv6Bytes(host));
  return tagged(0x82, Buffer.from(host, 'latin1'));
}

function ipv6Bytes(address: string): Buffer {
  // The URL parser writes an address in its shortest form without dots or a zone.
  const text = new URL(`http://[${address.split('%', 1)[0] ?? ''}]`).hostname.slice(1, -1);
  const [head = '', tail] = text.split('::');
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => parseInt(group, 16));
  const [before, after] = [groups(head), tail === undefined ? [] : groups(tail)];
  const all = [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
