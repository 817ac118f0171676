export { newSshKey, type SshKey } from './keys.ts';
export type { SshRunOptions } from './run-command.ts';
export { SshConnection, type SshConnectionOptions } from './ssh-connection.ts';
export type { SshProcess, SshSpawnOptions, SshTerminalSize } from './start-command.ts';
