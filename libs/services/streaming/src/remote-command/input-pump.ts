import type { Readable, Writable } from 'node:stream';

/**
 * Carries a client's input to a process, no faster than the process takes it. Resolves when all of it has
 * been taken, or no more can be: a process that closed its input gets the rest dropped.
 */
export async function pumpInput(client: Readable, stdin: Writable): Promise<void> {
  try {
    for await (const chunk of client as AsyncIterable<Buffer>) await written(stdin, chunk);
  } catch {
    // Either the client broke off or the process wants no more; both are an end of input.
  }
}

async function written(stdin: Writable, chunk: Buffer): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  stdin.write(chunk, (error) => (error ? reject(error) : resolve()));
  await promise;
}
