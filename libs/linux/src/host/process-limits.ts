import { readFile, writeFile } from 'node:fs/promises';
import { errnoCode } from '@crihub/kernel';

/** Entries of the auxiliary vector are pairs of 64-bit numbers; this is the page size's (`linux/auxvec.h`). */
const AT_PAGESZ = 6n;
const OOM_SCORE_ADJ = '/proc/self/oom_score_adj';
const LOWEST_OOM_SCORE_ADJ = -1000;

/** The page size in bytes, from `/proc/self/auxv`. */
export function pageSizeOf(auxiliaryVector: Buffer): number | undefined {
  for (let offset = 0; offset + 16 <= auxiliaryVector.length; offset += 16) {
    if (auxiliaryVector.readBigUInt64LE(offset) === AT_PAGESZ)
      return Number(auxiliaryVector.readBigUInt64LE(offset + 8));
  }
  return undefined;
}

/** The hard limit of open files, from `/proc/self/limits`; `undefined` for unlimited. */
export function maxOpenFilesOf(limits: string): number | undefined {
  const hard = /^Max open files\s+\S+\s+(\d+)/m.exec(limits)?.[1];
  return hard === undefined ? undefined : Number(hard);
}

/**
 * The lowest OOM score adjustment that this process may give itself and its children, found by trying;
 * its own is as before afterwards. Without CAP_SYS_RESOURCE that is what a more capable parent left it.
 */
export async function lowestOomScoreAdj(): Promise<number> {
  const own = Number(await readFile(OOM_SCORE_ADJ, 'utf8'));
  try {
    let [refused, allowed] = [LOWEST_OOM_SCORE_ADJ - 1, own];
    let attempt = LOWEST_OOM_SCORE_ADJ; // first the usual case, then by halves
    while (allowed - refused > 1) {
      if (await mayAdjustTo(attempt)) allowed = attempt;
      else refused = attempt;
      attempt = Math.floor((refused + allowed) / 2);
    }
    return allowed;
  } finally {
    await writeFile(OOM_SCORE_ADJ, String(own));
  }
}

async function mayAdjustTo(value: number): Promise<boolean> {
  try {
    await writeFile(OOM_SCORE_ADJ, String(value));
    return true;
  } catch (error) {
    if (['EACCES', 'EPERM'].includes(errnoCode(error) ?? '')) return false;
    throw error;
  }
}
