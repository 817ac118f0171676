/*
 * Which packages of others run in this process. The process has one handler of unhandled errors, so this is
 * kept once for the process too.
 */

const nameByDirectory = new Map<string, string>();

export function rememberPackage(name: string, directory: string): void {
  nameByDirectory.set(directory, name);
}

/** The package in whose code an error arose, by its stack; undefined if it is ours. */
export function packageOf(error: unknown): string | undefined {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  for (const [directory, name] of nameByDirectory) if (stack.includes(`${directory}/`)) return name;
  return undefined;
}
