import { constants } from 'node:os';
import { RuntimeError } from '@crihub/kernel';

const REALTIME = /^SIGRTMIN(?:\+(\d+))?$/;
const FIRST_REALTIME = 34;
const LAST_REALTIME = 64;

/** The number of a signal. @throws InvalidArgument for a name that no signal has. */
export function signalNumber(name: string): number {
  const realtime = REALTIME.exec(name);
  const number =
    realtime === null
      ? (constants.signals as Readonly<Record<string, number>>)[name]
      : FIRST_REALTIME + Number(realtime[1] ?? 0);
  if (number === undefined || number > LAST_REALTIME) {
    throw new RuntimeError('InvalidArgument', `there is no signal named "${name}"; use names as SIGTERM`);
  }
  return number;
}
