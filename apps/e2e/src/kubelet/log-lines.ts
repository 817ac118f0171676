import { readFile } from 'node:fs/promises';

/** Writes `tick 0`, `tick 1`, … some twenty times a second. */
export const TICKING = ['sh', '-c', 'i=0; while :; do echo "tick $i"; i=$((i+1)); sleep 0.05; done'];

/** The texts of a log in CRI's format, `time stream tag text`, a last line that is not whole left out. */
export async function logTexts(file: string): Promise<readonly string[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').slice(0, -1);
  return lines.map((line) => line.split(' ').slice(3).join(' '));
}

/** The numbers of a ticking container's log. */
export async function ticksIn(file: string): Promise<readonly number[]> {
  return (await logTexts(file)).map((text) => Number(/^tick (\d+)$/.exec(text)?.[1]));
}
