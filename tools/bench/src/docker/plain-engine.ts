import { request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { z } from 'zod';

const created = z.object({ Id: z.string() });
const details = z.object({
  Id: z.string(),
  Config: z.record(z.string(), z.unknown()),
  HostConfig: z.record(z.string(), z.unknown()),
});
const ended = z.object({ ExitCode: z.number() });

/** The request that creates a container. */
export interface ContainerBody {
  readonly [field: string]: unknown;
  readonly HostConfig: Readonly<Record<string, unknown>>;
}

/** Docker Engine by the bare calls of its API and nothing else: what a backend's work is compared with. */
export class PlainEngine {
  readonly #socketPath: string;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** What creates another container like this one, less its labels and its names. */
  async bodyOf(name: string): Promise<ContainerBody> {
    const { Config, HostConfig } = details.parse(await this.#json('GET', `/containers/${name}/json`));
    // The engine tells the name of a joined namespace too, and refuses to be told it.
    return { ...Config, Labels: {}, Hostname: '', Domainname: '', HostConfig };
  }

  /** Pulls an image from another registry than its name says, and gives it its name. */
  async pull(reference: string, registryHost: string): Promise<void> {
    const [, repository = '', tag = ''] = /^(.*):([^:]*)$/.exec(reference) ?? [];
    const elsewhere = repository.replace(/^[^/]*/, registryHost);
    await this.#call('POST', `/images/create?fromImage=${encodeURIComponent(elsewhere)}&tag=${tag}`);
    const name = `repo=${encodeURIComponent(repository)}&tag=${tag}`;
    await this.#call('POST', `/images/${elsewhere}:${tag}/tag?${name}`);
  }

  async create(body: ContainerBody): Promise<string> {
    return created.parse(await this.#json('POST', '/containers/create', body)).Id;
  }

  async start(id: string): Promise<void> {
    await this.#call('POST', `/containers/${id}/start`);
  }

  async remove(id: string): Promise<void> {
    await this.#call('DELETE', `/containers/${id}?force=true&v=true`);
  }

  /** Runs a process to its end and takes its output. @returns its exit code. */
  async exec(id: string, args: readonly string[]): Promise<number> {
    const body = { Cmd: args, AttachStdout: true, AttachStderr: true };
    const exec = created.parse(await this.#json('POST', `/containers/${id}/exec`, body)).Id;
    await this.#call('POST', `/exec/${exec}/start`, { Detach: false, Tty: false });
    return ended.parse(await this.#json('GET', `/exec/${exec}/json`)).ExitCode;
  }

  /** Reads a log with its times as it grows. @returns the bytes it had, up to the container's end. */
  async followLog(id: string): Promise<number> {
    const query = 'stdout=true&stderr=true&timestamps=true&follow=true';
    return (await this.#call('GET', `/containers/${id}/logs?${query}`)).length;
  }

  async #json(method: string, path: string, body?: object): Promise<unknown> {
    return JSON.parse((await this.#call(method, path, body)).toString()) as unknown;
  }

  #call(method: string, path: string, body?: object): Promise<Buffer> {
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const asked = request({ socketPath: this.#socketPath, method, path, headers }, (response) => {
      const failed = (response.statusCode ?? 500) >= 400;
      buffer(response).then((answer) => {
        if (failed) reject(new Error(`${method} ${path}: ${answer.toString()}`));
        else resolve(answer);
      }, reject);
    });
    asked.once('error', reject);
    asked.end(body === undefined ? undefined : JSON.stringify(body));
    return promise;
  }
}
