import { constants } from 'node:os';
import { closeDescriptor, numberedCall } from './libc.ts';

const pidfdOpen = numberedCall('pidfd_open', 434, ['int', 'unsigned int']);
const pidfdSendSignal = numberedCall('pidfd_send_signal', 424, ['int', 'int', 'pointer', 'unsigned int']);

/** A descriptor of the process that has the id now, and of no later one. Closed on exec by the kernel's rule. */
export const openPidfd = (pid: number): number => pidfdOpen(pid, 0);

export function signalPidfd(pidfd: number, signalName: NodeJS.Signals): void {
  pidfdSendSignal(pidfd, constants.signals[signalName], null, 0);
}

export const closePidfd = closeDescriptor;
