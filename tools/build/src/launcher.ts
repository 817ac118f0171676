import { writeFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * Writes the command `bin/<program>`. It finds its bundle also through a symbolic link, such as one in
 * /usr/local/bin, and prefers the Node that is shipped.
 */
export async function writeLauncher(directory: string, program: string): Promise<void> {
  await writeFile(path.join(directory, 'bin', program), script(program), { mode: 0o755 });
}

// The engine and the C library keep what the busiest moment took: by default up to 16 MiB for young objects
// in each thread's heap, and eight arenas per processor. An idle daemon is a tenth smaller with little of both.
// Compiled code is kept beside the bundle, where the next start takes it from; a start is a fifth shorter so. Where
// that can't be written, it is compiled each time.
const script = (program: string): string => `#!/bin/sh
root=$(dirname "$(dirname "$(readlink -f "$0")")")
node=$root/bin/node
[ -x "$node" ] || node=node
export NODE_COMPILE_CACHE="\${NODE_COMPILE_CACHE:-$root/cache}"
export MALLOC_ARENA_MAX="\${MALLOC_ARENA_MAX:-2}"
exec "$node" --max-semi-space-size=1 "$root/${program}.mjs" "$@"
`;
