import { RuntimeError } from '@crihub/kernel';

/**
 * Content from outside that is not what it claims to be, or is not allowed: wrong digest or size, a
 * malformed archive, a path that escapes. Nothing of it is kept.
 */
export const refused = (sentence: string, cause?: unknown): RuntimeError =>
  new RuntimeError('FailedPrecondition', sentence, { cause });

/** Content beyond a configured bound. */
export const tooLarge = (sentence: string): RuntimeError => new RuntimeError('ResourceExhausted', sentence);

/** Content of a kind that crihub does not handle. */
export const unsupported = (sentence: string): RuntimeError => new RuntimeError('Unimplemented', sentence);
