import { join } from 'node:path';

/** The files of one machine, in a directory of its own that root alone may enter. */
export interface MachineFiles {
  readonly directory: string;
  /** The machine's name, by which its process is found wherever the directory goes. */
  readonly name: string;
  /** QEMU's control socket. */
  readonly qmp: string;
  /** The guest's serial port, over which SSH is spoken. */
  readonly channel: string;
  /** Through which the state of a machine that was saved is read or written. */
  readonly state: string;
  /** The keys of the connection. */
  readonly identity: string;
  /** Where QEMU says why it does not start: a directory, and the file in it. */
  readonly logDirectory: string;
  readonly log: string;
}

export const machineFiles = (directory: string): MachineFiles => ({
  directory,
  name: join(directory, 'name'),
  qmp: join(directory, 'qmp'),
  channel: join(directory, 'channel'),
  state: join(directory, 'state'),
  identity: join(directory, 'identity'),
  logDirectory: join(directory, 'log'),
  log: join(directory, 'log/qemu'),
});
