const LOGFMT_MESSAGE = /(?:^|\s)msg="((?:[^"\\]|\\.)*)"/;
/** crun with `--debug`, or on a terminal, puts the time before its message. */
const TIME_PREFIX = /^\d{4}-\d\d-\d\dT[\d:.]+Z?:?\s*/;
const LONGEST = 1_000;

/**
 * The sentence in what an OCI runtime printed: the last line that says something, without the dress of
 * its log format (logrus key=value, JSON).
 */
export function runtimeMessage(output: string): string {
  const lines = output.split('\n').map((line) => line.trim());
  const last = lines.filter((line) => line !== '').at(-1);
  if (last === undefined) return 'it printed nothing';
  const printable = sentenceOf(last).replaceAll(/[^\p{L}\p{N}\p{P}\p{S}\p{Zs}]/gu, '?');
  return printable.length > LONGEST ? `${printable.slice(0, LONGEST)}…` : printable;
}

function sentenceOf(line: string): string {
  const logfmt = LOGFMT_MESSAGE.exec(line);
  if (logfmt !== null) return unquote(logfmt[1] ?? '');
  if (line.startsWith('{')) return jsonMessage(line) ?? line;
  return line.replace(TIME_PREFIX, '');
}

const unquote = (text: string): string => text.replaceAll(/\\(.)/g, '$1');

function jsonMessage(line: string): string | undefined {
  try {
    const { msg } = JSON.parse(line) as { msg?: unknown };
    return typeof msg === 'string' ? msg : undefined;
  } catch {
    return undefined; // not JSON after all: the line itself is shown
  }
}

/** Runtimes look a container's program up when they create it, and say so in one of these ways. */
const UNRUNNABLE = [
  /executable file [`"']?.*not found/i, // both, for a name without a slash
  /exec: .*: (?:no such file or directory|permission denied|is a directory|exec format error)/i, // runc
  /open executable/i, // crun
  /exec container process.*(?:no such file|permission denied|not permitted|format error)/i, // crun
  /chdir to .*(?:no such file|permission denied|not a directory)/i,
];

/** Whether the container is sound and only its program can't be run: that is `start`'s to tell. */
export const isUnrunnableProgram = (message: string): boolean =>
  UNRUNNABLE.some((pattern) => pattern.test(message));
