import type { z } from 'zod';
import { refused } from './content-error.ts';

/** Parses JSON from outside. @throws FailedPrecondition. */
export function parseJson(content: Uint8Array, origin: string): unknown {
  try {
    return JSON.parse(Buffer.from(content).toString('utf8'));
  } catch (cause) {
    throw refused(`${origin} is not JSON`, cause);
  }
}

/** Validates JSON from outside. @throws FailedPrecondition naming the field. */
export function check<Schema extends z.ZodType>(
  schema: Schema,
  document: unknown,
  origin: string,
): z.infer<Schema> {
  const result = schema.safeParse(document);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue?.path.map(String).join('.') ?? '';
  throw refused(`${origin} is not valid: ${field === '' ? '' : `${field}: `}${issue?.message ?? 'unknown'}`);
}
