import { refused } from '../content-error.ts';
import type { HttpResponse } from './http.ts';

/** A whole body that must fit in `limit` bytes. @throws FailedPrecondition beyond it. */
export async function readBody({ body }: HttpResponse, limit: number, what: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length;
    // Leaving the loop destroys the body.
    if (length > limit) throw refused(`${what} is larger than ${String(limit)} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const MAX_ERROR_BYTES = 64 * 1024;

/** The registry's own words for a refusal (distribution spec, error codes); empty if it has none. */
export async function readErrorText(response: HttpResponse): Promise<string> {
  try {
    const body = (await readBody(response, MAX_ERROR_BYTES, 'the error')).toString('utf8');
    const match =
      /"message"\s*:\s*"((?:[^"\\]|\\.){1,200})/.exec(body) ?? /"details"\s*:\s*"([^"\\]{1,200})/.exec(body);
    return match?.[1] ?? '';
  } catch {
    // The status says enough; a body that can't be read adds nothing.
    return '';
  }
}
