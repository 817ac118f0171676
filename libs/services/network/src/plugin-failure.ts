import { type ErrorKind, RuntimeError } from '@crihub/kernel';
import { z } from 'zod';

/** What a plugin's failed run left behind. */
export interface FailedRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const pluginErrorSchema = z.object({
  code: z.number().int(),
  msg: z.string(),
  details: z.string().nullish(),
});

const TRY_AGAIN_LATER = 11;
const NOT_AVAILABLE = 50;
const LIMITED_CONNECTIVITY = 51;
const UNKNOWN_CONTAINER = 3;
const UNAVAILABLE_CODES: ReadonlySet<number> = new Set([
  TRY_AGAIN_LATER,
  NOT_AVAILABLE,
  LIMITED_CONNECTIVITY,
]);
const QUOTED_CHARACTERS = 1_000;

/** A plugin's own error, with its code (CNI specification 1.1, section 5, "Error"). */
export class PluginError extends RuntimeError {
  readonly code: number;

  constructor(kind: ErrorKind, message: string, code: number, operation: string, id: string | undefined) {
    super(kind, message, { operation, ...(id === undefined ? {} : { id }) });
    this.code = code;
  }
}

/** True for the answer that there is nothing to clean up (code 3). */
export const saysContainerUnknown = (error: unknown): boolean =>
  error instanceof PluginError && error.code === UNKNOWN_CONTAINER;

/** The error of a run that ended badly; `subject` is `CNI plugin bridge (ADD, network podnet)`. */
export function pluginFailure(run: FailedRun, subject: string, operation: string, id?: string): RuntimeError {
  const own = readPluginError(run.stdout);
  if (own !== undefined) {
    const details = own.details ? ` (${quote(own.details)})` : '';
    const kind = UNAVAILABLE_CODES.has(own.code) ? 'Unavailable' : 'Internal';
    const message = `${subject} failed with code ${String(own.code)}: ${quote(own.msg)}${details}`;
    return new PluginError(kind, message, own.code, operation, id);
  }
  const said = describeOutput(run);
  return new RuntimeError('Internal', `${subject} ${describeEnd(run.exitCode)} and ${said}`, {
    operation,
    ...(id === undefined ? {} : { id }),
  });
}

/** What a run printed, bounded, for a sentence. */
export function describeOutput({ stdout, stderr }: Omit<FailedRun, 'exitCode'>): string {
  const parts = [
    ...(stdout.trim() === '' ? [] : [`printed ${quote(stdout)}`]),
    ...(stderr.trim() === '' ? [] : [`complained ${quote(stderr)}`]),
  ];
  return parts.length > 0 ? parts.join(' and ') : 'printed nothing';
}

function readPluginError(stdout: string): z.output<typeof pluginErrorSchema> | undefined {
  try {
    return pluginErrorSchema.safeParse(JSON.parse(stdout)).data;
  } catch {
    return undefined; // not JSON: the caller quotes it
  }
}

const describeEnd = (exitCode: number): string =>
  exitCode > 128 ? `was killed by signal ${String(exitCode - 128)}` : `exited with ${String(exitCode)}`;

const quote = (output: string): string => {
  const line = output.trim().replaceAll(/\s+/g, ' ');
  return line.length <= QUOTED_CHARACTERS ? line : `${line.slice(0, QUOTED_CHARACTERS)}…`;
};
