import { access, constants, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoCode, kindOf, RuntimeError } from '@crihub/kernel';
import { BASE_ENVIRONMENT, run, type RunResult } from '@crihub/transport/process';
import { describeOutput, pluginFailure } from './plugin-failure.ts';

export type CniCommand = 'ADD' | 'CHECK' | 'DEL' | 'GC' | 'STATUS';

/** Time for one run of one plugin until it is killed, in ms, for each command. */
export type CniTimeouts = Readonly<Record<CniCommand, number>>;

export interface PluginRunnerOptions {
  /** Searched in this order; the first that has the plugin wins. */
  readonly binDirectories: readonly string[];
  readonly timeouts?: Partial<CniTimeouts>;
}

/** What the environment of a plugin says about the attachment (CNI specification 1.1, section 2). */
export interface PluginSubject {
  readonly containerId: string;
  /** Empty when the namespace is gone. */
  readonly netns: string;
  readonly interfaceName: string;
  /** `KEY=value;KEY=value`. */
  readonly args: string;
}

export interface PluginCall {
  readonly command: CniCommand;
  /** The plugin's `type`. */
  readonly plugin: string;
  readonly network: string;
  /** Becomes the plugin's standard input, as JSON. */
  readonly config: Readonly<Record<string, unknown>>;
  /** GC and STATUS concern no attachment. */
  readonly subject?: PluginSubject;
}

const DEFAULT_TIMEOUTS: CniTimeouts = {
  ADD: 30_000,
  CHECK: 30_000,
  DEL: 30_000,
  GC: 30_000,
  STATUS: 10_000,
};
const MAX_OUTPUT_BYTES = 1024 * 1024;

/** Finds CNI plugins and runs them. */
export class PluginRunner {
  readonly #binDirectories: readonly string[];
  readonly #timeouts: CniTimeouts;

  constructor({ binDirectories, timeouts }: PluginRunnerOptions) {
    this.#binDirectories = binDirectories;
    this.#timeouts = { ...DEFAULT_TIMEOUTS, ...timeouts };
  }

  /**
   * Runs one plugin to its end and returns what it printed.
   * @throws Unavailable when the plugin asks to be called later, FailedPrecondition when it can't be run,
   *   DeadlineExceeded when it was killed for its slowness, Internal for any other failure.
   */
  async call(call: PluginCall, signal?: AbortSignal): Promise<string> {
    const operation = `CNI ${call.command}`;
    const id = call.subject?.containerId;
    const subject = describeCall(call);
    const result = await this.#run(call, subject, signal);
    const output = { stdout: result.stdout.toString('utf8'), stderr: result.stderr.toString('utf8') };
    if (result.exitCode !== 0) {
      throw pluginFailure({ exitCode: result.exitCode, ...output }, subject, operation, id);
    }
    if (result.stdout.length > MAX_OUTPUT_BYTES) {
      throw new RuntimeError('Internal', `${subject} printed more than ${String(MAX_OUTPUT_BYTES)} bytes`);
    }
    return output.stdout;
  }

  async #run(call: PluginCall, subject: string, signal: AbortSignal | undefined): Promise<RunResult> {
    const program = await this.#find(call.plugin, subject);
    const timeoutMs = this.#timeouts[call.command];
    try {
      return await run(program, {
        env: this.#environment(call),
        input: JSON.stringify(call.config),
        timeoutMs,
        // One byte more than is allowed, so that too much can be told from just enough.
        maxOutputBytes: MAX_OUTPUT_BYTES + 1,
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (cause) {
      signal?.throwIfAborted();
      if (kindOf(cause) !== 'DeadlineExceeded') throw cause;
      const sentence = `${subject} took longer than ${String(timeoutMs)} ms and was killed`;
      throw new RuntimeError('DeadlineExceeded', sentence, { cause });
    }
  }

  #environment({ command, subject }: PluginCall): Record<string, string> {
    return {
      ...BASE_ENVIRONMENT,
      CNI_COMMAND: command,
      CNI_PATH: this.#binDirectories.join(':'),
      CNI_CONTAINERID: subject?.containerId ?? '',
      CNI_NETNS: subject?.netns ?? '',
      CNI_IFNAME: subject?.interfaceName ?? '',
      CNI_ARGS: subject?.args ?? '',
    };
  }

  async #find(plugin: string, subject: string): Promise<string> {
    for (const directory of this.#binDirectories) {
      const program = join(directory, plugin);
      if (!(await isFile(program))) continue;
      try {
        await access(program, constants.X_OK);
      } catch (cause) {
        throw new RuntimeError('FailedPrecondition', `${subject}: ${program} is not executable`, { cause });
      }
      return program;
    }
    const searched = this.#binDirectories.join(', ');
    throw new RuntimeError(
      'FailedPrecondition',
      `${subject}: there is no such program in ${searched}; install the plugin or name its directory`,
    );
  }
}

/** Reads the result that an ADD printed. @throws Internal if it is not a JSON object. */
export function parsePluginOutput(stdout: string, call: PluginCall): Readonly<Record<string, unknown>> {
  let json: unknown;
  try {
    json = JSON.parse(stdout);
  } catch (cause) {
    const said = describeOutput({ stdout, stderr: '' });
    throw new RuntimeError('Internal', `${describeCall(call)} gave no result but ${said}`, { cause });
  }
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) {
    return json as Readonly<Record<string, unknown>>;
  }
  throw new RuntimeError(
    'Internal',
    `${describeCall(call)} printed ${stdout.slice(0, 200)}, which is no result`,
  );
}

export const describeCall = ({ plugin, command, network }: PluginCall): string =>
  `CNI plugin ${plugin} (${command}, network ${network})`;

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoCode(error) ?? '')) return false;
    throw error;
  }
}
