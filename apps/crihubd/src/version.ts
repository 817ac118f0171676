import manifest from '../package.json' with { type: 'json' };

/** The version of crihub, as Version and Status report it. */
export const VERSION: string = manifest.version;
