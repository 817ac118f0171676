import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { digestOf } from '../digest.ts';
import type { BuiltImage, BuiltIndex } from './image-builder.ts';

/** Answers a request its own way, or returns false for the usual answer. */
export type Misbehaviour = (
  request: IncomingMessage,
  response: ServerResponse,
  registry: FakeRegistry,
) => boolean;

interface Document {
  readonly content: Buffer;
  readonly mediaType: string;
}

/** A registry in memory that serves what it is given, and misbehaves as a test says. */
export class FakeRegistry {
  readonly requests: IncomingMessage[] = [];
  readonly #server: Server;
  readonly #manifests = new Map<string, Document>();
  readonly #blobs = new Map<string, Buffer>();
  misbehave: Misbehaviour = () => false;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.requests.push(request);
      if (!this.misbehave(request, response, this)) this.#serve(request, response);
    });
  }

  static async start(): Promise<FakeRegistry> {
    const registry = new FakeRegistry();
    await new Promise<void>((resolve) => registry.#server.listen(0, '127.0.0.1', resolve));
    return registry;
  }

  /** `127.0.0.1:port`. */
  get host(): string {
    return `127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  put(tag: string, image: BuiltImage): void {
    this.#put(tag, { content: image.manifest, mediaType: image.mediaType });
    for (const [digest, blob] of image.blobs) this.#blobs.set(digest, blob);
  }

  putIndex(tag: string, { content, mediaType }: BuiltIndex): void {
    this.#put(tag, { content, mediaType });
  }

  /** Serves other bytes under a digest or tag. */
  replaceBlob(digest: string, content: Buffer): void {
    this.#blobs.set(digest, content);
  }

  replaceManifest(name: string, content: Buffer, mediaType: string): void {
    this.#manifests.set(name, { content, mediaType });
  }

  /** The paths that were asked for, with their methods. */
  get log(): string[] {
    return this.requests.map(({ method, url }) => `${method ?? ''} ${url ?? ''}`);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  blob(digest: string): Buffer {
    return this.#blobs.get(digest) ?? Buffer.alloc(0);
  }

  #put(tag: string, document: Document): void {
    this.#manifests.set(tag, document);
    this.#manifests.set(digestOf(document.content), document);
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const match = /\/(manifests|blobs)\/([^/?]+)/.exec(request.url ?? '');
    const name = match?.[2] ?? '';
    const manifest = match?.[1] === 'manifests' ? this.#manifests.get(name) : undefined;
    const content = manifest?.content ?? (match?.[1] === 'blobs' ? this.#blobs.get(name) : undefined);
    if (content === undefined) {
      response.writeHead(404).end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"no such thing"}]}');
      return;
    }
    if (manifest !== undefined) {
      response.setHeader('content-type', manifest.mediaType);
      response.setHeader('docker-content-digest', digestOf(manifest.content));
    }
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (start > 0) {
      response.statusCode = 206;
      response.setHeader(
        'content-range',
        `bytes ${String(start)}-${String(content.length - 1)}/${String(content.length)}`,
      );
    }
    const body = content.subarray(start);
    response.setHeader('content-length', body.length);
    response.end(request.method === 'HEAD' ? undefined : body);
  }
}
