/**
 * Calls that Node's `fs` lacks, for code that runs in a worker thread of its own. Each blocks its caller
 * and throws a `SystemCallError`; importing this starts nothing.
 */
export { SystemCallError } from '../syscalls/error.ts';
export { lgetxattrSync, llistxattrSync, lsetxattrSync, lutimesSync, mknodSync } from '../syscalls/files.ts';
