import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { TerminalSize } from '@crihub/contract';
import type { OutputStream } from './cri-log.ts';

/** What a script can do to the process that runs it. */
export interface ScriptContext {
  /** Aborts when the process has ended. */
  readonly life: AbortSignal;
  readonly stdin: Readable;
  write(stream: OutputStream, text: string | Buffer): Promise<void>;
  /** On this signal: end with a code, or do nothing. */
  trap(signalName: string, reaction: number | 'ignore'): void;
  /** Starts a child in a session of its own, which sleeps until it is killed. */
  spawn(marker: string): void;
  /** The terminal's size now, and each later one. */
  sizes(): AsyncIterable<TerminalSize>;
  exit(code: number): void;
  killByOom(): void;
}

type Verb = (context: ScriptContext, args: readonly string[]) => Promise<void> | void;

const FLOOD_CHUNK = 64 * 1024;

/** The programs of the memory backend. A command line is one or several of them, separated by `;`. */
const VERBS: Readonly<Record<string, Verb>> = {
  /** `echo text…`: a line on standard output. */
  echo: (context, words) => context.write('stdout', `${words.join(' ')}\n`),
  /** `echo-error text…`: a line on standard error. */
  'echo-error': (context, words) => context.write('stderr', `${words.join(' ')}\n`),
  /** `print text…`: the same as echo without the line's end. */
  print: (context, words) => context.write('stdout', words.join(' ')),
  /** `print-long n`: a line of n letters x. */
  'print-long': (context, [length]) => context.write('stdout', `${'x'.repeat(Number(length))}\n`),
  /** `sleep seconds`, or `sleep forever`. */
  sleep: async (context, [seconds]) => {
    const ms = seconds === 'forever' ? 2 ** 31 - 1 : Number(seconds) * 1000;
    await delay(ms, undefined, { signal: context.life });
  },
  /** `tick ms`: numbered lines for ever. */
  tick: async (context, [ms]) => {
    for (let number = 1; ; number += 1) {
      await context.write('stdout', `tick ${String(number)}\n`);
      await delay(Number(ms), undefined, { signal: context.life });
    }
  },
  /** `flood n`: n bytes on standard output. */
  flood: async (context, [bytes]) => {
    for (let left = Number(bytes); left > 0 && !context.life.aborted; left -= FLOOD_CHUNK) {
      await context.write('stdout', Buffer.alloc(Math.min(left, FLOOD_CHUNK)));
    }
  },
  /** `cat`: standard input to standard output, until it ends. */
  cat: async (context) => {
    for await (const chunk of context.stdin as AsyncIterable<Buffer>) await context.write('stdout', chunk);
  },
  /** `trap SIGNAME code`. */
  trap: (context, [name = '', code]) => context.trap(name, Number(code)),
  /** `ignore SIGNAME`. */
  ignore: (context, [name = '']) => context.trap(name, 'ignore'),
  /** `spawn marker`: a child that outlives this process if nobody kills it. */
  spawn: (context, [marker = '']) => context.spawn(marker),
  /** `terminal-size`: `rows columns`, again after each change. */
  'terminal-size': async (context) => {
    for await (const { width, height } of context.sizes()) {
      await context.write('stdout', `${String(height)} ${String(width)}\n`);
    }
  },
  /** `exit code`. */
  exit: (context, [code]) => context.exit(Number(code)),
  /** `oom`: uses more memory than there is. */
  oom: (context) => context.killByOom(),
};

const verbOf = (word: string | undefined): Verb | undefined =>
  word !== undefined && Object.hasOwn(VERBS, word) ? VERBS[word] : undefined;

/** False if one of the commands is no program that the memory backend knows. */
export const canRun = (args: readonly string[]): boolean =>
  commandsOf(args).every(([word]) => verbOf(word) !== undefined);

/** Runs the commands one after the other, until the end or until the process has ended. */
export async function runScript(args: readonly string[], context: ScriptContext): Promise<void> {
  for (const [word, ...rest] of commandsOf(args)) {
    if (context.life.aborted) return;
    await verbOf(word)?.(context, rest);
  }
}

function commandsOf(args: readonly string[]): readonly (readonly string[])[] {
  const commands: string[][] = [[]];
  for (const word of args) {
    if (word === ';') commands.push([]);
    else commands.at(-1)?.push(word);
  }
  return commands;
}
