import path from 'node:path';

/** The checkout's root directory. */
export const REPOSITORY = path.resolve(import.meta.dirname, '../..');

/** What is downloaded or built once and kept between runs; ignored by git. */
export const CACHE = path.join(REPOSITORY, '.cache');
