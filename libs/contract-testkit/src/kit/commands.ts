/** Command lines that the kit's containers run; each backend under test names its own. */
export interface RigCommands {
  /** Sleeps until SIGTERM, which it obeys by exiting with 0. Prints `ready` first. */
  readonly sleepForever: readonly string[];
  /** Ignores SIGTERM. Prints `ready` first. */
  readonly ignoreTerm: readonly string[];
  readonly cat: readonly string[];
  /** Needs 256 MiB of memory. */
  readonly oom: readonly string[];
  /** A program that does not exist. */
  readonly missing: readonly string[];
  /** Lines `tick 1`, `tick 2`, … about every 50 ms, for ever. */
  readonly tick: readonly string[];
  /** Prints `rows columns` of its terminal at least after every change. */
  readonly terminalSize: readonly string[];
  exitWith(code: number): readonly string[];
  exitLater(ms: number, code: number): readonly string[];
  /** Exits with `code` on the signal. Prints `ready` first. */
  exitOnSignal(name: string, code: number): readonly string[];
  printLine(text: string): readonly string[];
  /** Without a line's end. */
  printUnfinished(text: string): readonly string[];
  /** One line of so many letters x. */
  printLong(length: number): readonly string[];
  printBoth(stdout: string, stderr: string): readonly string[];
  /** So many bytes on standard output. */
  flood(bytes: number): readonly string[];
  /** A child in a session of its own and the process itself, both with `marker` in the command line. Prints `ready`. */
  spawnTree(marker: string): readonly string[];
}

const shell = (script: string): readonly string[] => ['/bin/sh', '-c', script];
const seconds = (ms: number): string => (ms / 1000).toFixed(3);
const STAY = 'while :; do sleep 0.05; done';

/** For root filesystems with busybox, its applets linked in /bin. Markers must be numbers. */
export const busyboxCommands: RigCommands = {
  sleepForever: shell(`trap "exit 0" TERM; echo ready; ${STAY}`),
  ignoreTerm: shell(`trap "" TERM; echo ready; ${STAY}`),
  cat: ['/bin/cat'],
  oom: ['/bin/dd', 'if=/dev/zero', 'of=/dev/null', 'bs=256M', 'count=1'],
  missing: ['/bin/no-such-program'],
  tick: shell('i=0; while :; do i=$((i+1)); echo tick $i; sleep 0.05; done'),
  terminalSize: shell('while :; do stty size; sleep 0.1; done'),
  exitWith: (code) => shell(`exit ${String(code)}`),
  exitLater: (ms, code) => shell(`sleep ${seconds(ms)}; exit ${String(code)}`),
  exitOnSignal: (name, code) =>
    shell(`trap "exit ${String(code)}" ${name.replace(/^SIG/, '')}; echo ready; ${STAY}`),
  printLine: (text) => ['/bin/echo', text],
  printUnfinished: (text) => ['/bin/printf', '%s', text],
  printLong: (length) => shell(`head -c ${String(length)} /dev/zero | tr "\\0" x; echo`),
  printBoth: (stdout, stderr) => shell(`echo "${stdout}"; echo "${stderr}" >&2`),
  flood: (bytes) => ['/bin/head', '-c', String(bytes), '/dev/zero'],
  spawnTree: (marker) => shell(`setsid sleep ${marker} & echo ready; sleep ${marker}; :`),
};

/** For the memory backend's scripts. */
export const memoryCommands: RigCommands = {
  sleepForever: ['trap', 'SIGTERM', '0', ';', 'echo', 'ready', ';', 'sleep', 'forever'],
  ignoreTerm: ['ignore', 'SIGTERM', ';', 'echo', 'ready', ';', 'sleep', 'forever'],
  cat: ['cat'],
  oom: ['oom'],
  missing: ['no-such-program'],
  tick: ['tick', '50'],
  terminalSize: ['terminal-size'],
  exitWith: (code) => ['exit', String(code)],
  exitLater: (ms, code) => ['sleep', seconds(ms), ';', 'exit', String(code)],
  exitOnSignal: (name, code) => ['trap', name, String(code), ';', 'echo', 'ready', ';', 'sleep', 'forever'],
  printLine: (text) => ['echo', text],
  printUnfinished: (text) => ['print', text],
  printLong: (length) => ['print-long', String(length)],
  printBoth: (stdout, stderr) => ['echo', stdout, ';', 'echo-error', stderr],
  flood: (bytes) => ['flood', String(bytes)],
  spawnTree: (marker) => ['spawn', marker, ';', 'echo', 'ready', ';', 'sleep', 'forever', marker],
};
