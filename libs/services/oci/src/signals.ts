import { constants } from 'node:os';
import { RuntimeError } from '@crihub/kernel';

const REALTIME_MIN = 34; // what the C library leaves of the kernel's 32..64
const REALTIME_MAX = 64;
const NUMBERS: Readonly<Record<string, number>> = { ...constants.signals, SIGCLD: constants.signals.SIGCHLD };

/**
 * The number of a signal: `SIGTERM`, `term`, `15`, `SIGRTMIN+3`, `RTMAX-1`.
 * @throws InvalidArgument for anything else.
 */
export function parseSignal(signal: string | number): number {
  const text = String(signal).trim().toUpperCase();
  const number = /^\d+$/.test(text) ? Number(text) : byName(text.startsWith('SIG') ? text : `SIG${text}`);
  if (number === undefined || number < 1 || number > REALTIME_MAX) {
    throw new RuntimeError(
      'InvalidArgument',
      `unknown signal "${String(signal)}"; give a name such as SIGTERM or SIGRTMIN+3, or a number from 1 to 64`,
      { operation: 'parse signal' },
    );
  }
  return number;
}

function byName(name: string): number | undefined {
  const realtime = /^SIGRT(MIN|MAX)(?:([+-])(\d{1,2}))?$/.exec(name);
  if (realtime === null) return Object.hasOwn(NUMBERS, name) ? NUMBERS[name] : undefined;
  const [, base, sign, digits] = realtime;
  const offset = digits === undefined ? 0 : Number(`${sign ?? ''}${digits}`);
  const number = (base === 'MIN' ? REALTIME_MIN : REALTIME_MAX) + offset;
  return number >= REALTIME_MIN && number <= REALTIME_MAX ? number : undefined;
}
