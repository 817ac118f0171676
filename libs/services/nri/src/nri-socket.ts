import { createServer, type Server, type Socket } from 'node:net';
import { RuntimeError } from '@crihub/kernel';
import { SocketClaim } from '@crihub/linux';
import type { Nri } from './nri.ts';

/** Only root may be a plugin: one can change every container. */
const SOCKET_MODE = 0o600;

export interface NriSocketOptions {
  readonly path: string;
}

/** The socket at which plugins connect. */
export class NriSocket {
  readonly #server: Server;
  readonly #claim: SocketClaim;
  readonly #nri: Pick<Nri, 'close'>;

  private constructor(server: Server, claim: SocketClaim, nri: Pick<Nri, 'close'>) {
    this.#server = server;
    this.#claim = claim;
    this.#nri = nri;
  }

  /** @throws FailedPrecondition if somebody else serves there. */
  static async listen({ path }: NriSocketOptions, nri: Pick<Nri, 'connect' | 'close'>): Promise<NriSocket> {
    const claim = await SocketClaim.acquire(path);
    // `connect` never rejects.
    const server = createServer((socket: Socket) => void nri.connect(socket));
    try {
      await listening(server, claim.stagedPath);
      await claim.publish(SOCKET_MODE);
      return new NriSocket(server, claim, nri);
    } catch (cause) {
      server.close();
      await claim.release();
      throw new RuntimeError('FailedPrecondition', `can't serve NRI at ${path}`, { cause });
    }
  }

  /** Takes the socket away and cuts the plugins off. */
  async close(): Promise<void> {
    await this.#claim.release();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#nri.close();
    await promise;
  }
}

async function listening(server: Server, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(path, resolve);
  await promise;
  server.off('error', reject);
}
