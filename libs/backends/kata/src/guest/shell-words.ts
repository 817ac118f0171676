import { RuntimeError } from '@crihub/kernel';

/** A word of a shell's command line that stands for exactly this text. @throws InvalidArgument for a null byte. */
export function quoted(text: string): string {
  if (text.includes('\0')) throw new RuntimeError('InvalidArgument', 'an argument can hold no null byte');
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

export interface CommandLine {
  readonly args?: readonly string[] | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly cwd?: string | undefined;
}

/** A shell's command line that becomes the program. */
export function commandLine(program: string, { args = [], env = {}, cwd }: CommandLine): string {
  const exports = Object.entries(env).map(([name, value]) => `export ${name}=${quoted(value)};`);
  const change = cwd === undefined ? [] : [`cd ${quoted(cwd)} &&`];
  return [...exports, ...change, 'exec', ...[program, ...args].map(quoted)].join(' ');
}
