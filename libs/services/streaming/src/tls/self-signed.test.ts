import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { get } from 'node:https';
import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { ServerRig } from '../testing/server-rig.ts';
import { selfSignedIdentity } from './self-signed.ts';

const NOW = new Date('2026-12-31T23:59:59Z');

it('is a certificate of the node’s names and addresses, good for a year, signed by itself', async () => {
  const { cert } = await selfSignedIdentity(['node-1', 'node-1.example', '10.0.0.1', 'fd00::1', '::1'], NOW);
  const parsed = new X509Certificate(cert);
  expect(parsed.subject).toBe('CN=node-1');
  expect(parsed.subjectAltName).toBe(
    'DNS:node-1, DNS:node-1.example, IP Address:10.0.0.1, IP Address:FD00:0:0:0:0:0:0:1, IP Address:0:0:0:0:0:0:0:1',
  );
  expect(parsed.verify(parsed.publicKey)).toBe(true);
  expect(parsed.validFromDate.toISOString()).toBe('2026-12-31T22:59:59.000Z');
  expect(parsed.validToDate.toISOString()).toBe('2027-12-31T23:59:59.000Z');
  expect(parsed.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  expect(parsed.serialNumber).not.toBe(
    new X509Certificate((await selfSignedIdentity(['node-1'])).cert).serialNumber,
  );
});

it('is taken by a client that trusts it, for its addresses alone', async () => {
  const tls = await selfSignedIdentity(['node-1', '127.0.0.1']);
  await using rig = await ServerRig.start({ tls });
  const url = new URL(rig.execUrl(['echo']));
  expect(url.protocol).toBe('https:');
  const status = (options: { readonly servername?: string }): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      get(url, { ca: tls.cert, agent: false, ...options }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).once('error', reject);
    });
  expect(await status({})).toBe(400); // it is no upgrade, but it is our answer
  expect(await status({ servername: 'node-1' })).toBe(400);
  await expect(status({ servername: 'node-2' })).rejects.toThrow("does not match certificate's altnames");
});

it('carries streams', async () => {
  const tls = await selfSignedIdentity(['127.0.0.1']);
  await using rig = await ServerRig.start({ tls });
  const socket = new WebSocket(rig.execUrl(['echo', 'secret']), ['v5.channel.k8s.io'], { ca: tls.cert });
  const received: Buffer[] = [];
  socket.on('message', (message: Buffer) => received.push(message));
  await once(socket, 'close');
  expect(Buffer.concat(received).toString()).toContain('secret\n');
});
