import type { TerminalSize } from '@crihub/contract';
import { errnoCode } from '@crihub/kernel';
import type { Files } from '../execution/executor.ts';
import { controlFifo } from './conmon-arguments.ts';

/** Messages of conmon's control FIFO: a type and two numbers. */
const RESIZE = 1;
/** conmon refuses more. */
const LARGEST_SIDE = 1_000;

/** Tells conmon the size of the terminal; once it has ended there is nobody to tell. */
export async function resizeTerminal(
  { width, height }: TerminalSize,
  bundle: string,
  files: Files,
): Promise<void> {
  const side = (length: number): string => String(Math.max(0, Math.min(LARGEST_SIDE, Math.trunc(length))));
  try {
    await files.sendToFifo(controlFifo(bundle), `${String(RESIZE)} ${side(height)} ${side(width)}\n`);
  } catch (error) {
    if (errnoCode(error) !== 'ENXIO' && errnoCode(error) !== 'ENOENT') throw error;
  }
}
