/** Above all that distributions, containers and systemd give to users, below where ids turn negative somewhere. */
const FIRST_USER = 1_900_000_000;

/**
 * The user and group of a machine, which own nothing on this host, and with which it can't signal or trace the
 * processes of others: one of 2^24, by the machine's random id.
 */
export const machineUser = (machineId: string): number =>
  FIRST_USER + Number.parseInt(machineId.slice(0, 6), 16);
