import { z } from 'zod';

const report = z.object({
  /** Until conmon's API version 1 the number is called `pid`. */
  pid: z.number().int().optional(),
  data: z.number().int().optional(),
  message: z.string().optional(),
});

/** What conmon says on its sync pipe: the first process's id, or why there is none. */
export type SyncReport =
  { readonly created: true; readonly pid: number } | { readonly created: false; readonly message: string };

/** Reads a line of the sync pipe; `undefined` if it is not one of conmon's. */
export function parseSyncReport(line: string): SyncReport | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined; // conmon's escaping of a runtime's rubbish is not always JSON; the caller reports the line
  }
  const parsed = report.safeParse(value);
  if (!parsed.success) return undefined;
  const number = parsed.data.pid ?? parsed.data.data ?? -1;
  if (number > 0) return { created: true, pid: number };
  return { created: false, message: parsed.data.message ?? `conmon reported ${String(number)}` };
}
