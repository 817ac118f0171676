import { join } from 'node:path';

/** The files of one machine, in a directory of its own that root alone may enter. */
export interface MachineFiles {
  readonly directory: string;
  /** QEMU's control socket. */
  readonly qmp: string;
  /** The guest's serial port, over which SSH is spoken. */
  readonly channel: string;
  /** The keys of the connection. */
  readonly identity: string;
  /** What QEMU itself has to say. */
  readonly log: string;
}

export const machineFiles = (directory: string): MachineFiles => ({
  directory,
  qmp: join(directory, 'qmp'),
  channel: join(directory, 'channel'),
  identity: join(directory, 'identity'),
  log: join(directory, 'log'),
});
