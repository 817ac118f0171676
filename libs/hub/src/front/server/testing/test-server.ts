import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CallOptions, type Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { RuntimeError } from '@crihub/kernel';
import { RecordingLogger } from '@crihub/kernel/testing';
import { AdminClient, AdminService } from '@crihub/wire/admin';
import {
  ImageServiceClient,
  ImageServiceService,
  RuntimeServiceClient,
  RuntimeServiceService,
} from '@crihub/wire/cri';
import type { CallCode, CallObserver } from '../call-observer.ts';
import { CriServer } from '../cri-server.ts';
import type { HubHandlers } from '../handlers.ts';

export interface Overrides {
  readonly runtime?: Partial<HubHandlers['runtime']>;
  readonly image?: Partial<HubHandlers['image']>;
  readonly admin?: Partial<HubHandlers['admin']>;
}

/** All handlers, those that are not given answering Unimplemented. */
export function handlersWith({ runtime, image, admin }: Overrides): HubHandlers {
  return {
    runtime: { ...refusals(RuntimeServiceService), ...runtime },
    image: { ...refusals(ImageServiceService), ...image },
    admin: { ...refusals(AdminService), ...admin },
  } as HubHandlers;
}

function refusals(
  service: Readonly<Record<string, { readonly path: string; readonly responseStream: boolean }>>,
) {
  const refuse = (name: string): never => {
    throw new RuntimeError('Unimplemented', `${name} is not for this test`);
  };
  return Object.fromEntries(
    Object.values(service).map(({ path, responseStream }) => {
      const name = path.split('/').at(-1) ?? '';
      const stream = async function* (): AsyncGenerator<never> {
        refuse(name);
      };
      return [name, responseStream ? stream : async () => refuse(name)];
    }),
  );
}

/** Keeps what it is told, as `method code`. */
export class RecordingObserver implements CallObserver {
  readonly startedMethods: string[] = [];
  readonly ended: string[] = [];

  started(method: string): void {
    this.startedMethods.push(method);
  }
  observe(method: string, code: CallCode, seconds: number): void {
    if (!(seconds >= 0)) throw new Error(`${method} took ${String(seconds)} s`);
    this.ended.push(`${method} ${code}`);
  }
}

const CLIENT_OPTIONS = { 'grpc.max_receive_message_length': 16 * 1024 * 1024 };

/** A directory, a server on a socket in it, and clients; all gone when it is disposed. */
export class TestServer implements AsyncDisposable {
  readonly logger = new RecordingLogger();
  readonly observer = new RecordingObserver();
  readonly server: CriServer;
  readonly socketPath: string;
  readonly runtime: RuntimeServiceClient;
  readonly image: ImageServiceClient;
  readonly admin: AdminClient;
  readonly #folder: string;

  private constructor(folder: string, overrides: Overrides) {
    this.#folder = folder;
    this.socketPath = join(folder, 'cri.sock');
    const { logger, observer, socketPath } = this;
    this.server = new CriServer({ socketPath }, { handlers: handlersWith(overrides), logger, observer });
    const target = `unix:${socketPath}`;
    this.runtime = new RuntimeServiceClient(target, credentials.createInsecure(), CLIENT_OPTIONS);
    this.image = new ImageServiceClient(target, credentials.createInsecure(), CLIENT_OPTIONS);
    this.admin = new AdminClient(target, credentials.createInsecure(), CLIENT_OPTIONS);
  }

  static async start(overrides: Overrides = {}): Promise<TestServer> {
    const test = new TestServer(await newFolder(), overrides);
    await test.server.listen();
    return test;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.runtime.close();
    this.image.close();
    this.admin.close();
    await this.server.forceClose();
    await rm(this.#folder, { recursive: true });
  }
}

export const newFolder = async (): Promise<string> => await mkdtemp(join(tmpdir(), 'crihub-front-'));

interface UnaryMethod<Request, Response> {
  readonly path: string;
  readonly requestSerialize: (request: Request) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Response;
}

/** A unary call as a promise; `start` gets hold of the call itself. */
export async function ask<Request, Response>(
  client: Client,
  { path, requestSerialize, responseDeserialize }: UnaryMethod<Request, Response>,
  request: Request,
  options: CallOptions = {},
  start: (call: { cancel(): void }) => void = () => undefined,
): Promise<Response> {
  return await new Promise<Response>((resolve, reject) => {
    const answer = (error: ServiceError | null, response?: Response): void =>
      error === null ? resolve(response as Response) : reject(error);
    const metadata = new Metadata();
    start(
      client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        metadata,
        options,
        answer,
      ),
    );
  });
}
