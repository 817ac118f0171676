import manifest from '../package.json' with { type: 'json' };

/** The version of the command, which is the daemon's that it was made with. */
export const VERSION: string = manifest.version;
