import { z } from 'zod';

const report = z.object({
  /** Until conmon's API version 1 the number is called `pid`. */
  pid: z.number().int().optional(),
  data: z.number().int().optional(),
  message: z.string().optional(),
});

/** A number and, where something failed, a sentence. */
export type ConmonMessage = { readonly number: number; readonly message?: string };

/** What conmon says on its sync pipe: the first process's id, or why there is none. */
export type SyncReport =
  { readonly created: true; readonly pid: number } | { readonly created: false; readonly message: string };

/** Reads a line of one of conmon's pipes; `undefined` if it is not one of conmon's. */
export function parseConmonMessage(line: string): ConmonMessage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined; // conmon's escaping of a runtime's rubbish is not always JSON; the caller reports the line
  }
  const parsed = report.safeParse(value);
  if (!parsed.success) return undefined;
  const { pid, data, message } = parsed.data;
  return { number: pid ?? data ?? -1, ...(message === undefined ? {} : { message }) };
}

/** Reads the report of a creation, or of an exec's start; `undefined` if it is not one of conmon's. */
export function parseSyncReport(line: string): SyncReport | undefined {
  const parsed = parseConmonMessage(line);
  if (parsed === undefined) return undefined;
  const { number, message } = parsed;
  if (number > 0) return { created: true, pid: number };
  return { created: false, message: message ?? `conmon reported ${String(number)}` };
}
