import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError } from '@crihub/kernel';
import { BASE_ENVIRONMENT, run } from '@crihub/transport/process';
import { error, type Finding, ok, warning } from '../finding.ts';

/** A program that the node may need. */
export interface Program {
  /** A name to look for, or an absolute path. */
  readonly name: string;
  readonly level: 'error' | 'warning';
  /** What is missing without it, and how to get it. */
  readonly advice: string;
}

const VERSION_MS = 5_000;

/** Looks for each where the daemon looks, and asks it for its version. */
export async function checkPrograms(
  programs: readonly Program[],
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  return await Promise.all(programs.map(async (program) => await checkProgram(program, signal)));
}

async function checkProgram({ name, level, advice }: Program, signal: AbortSignal): Promise<Finding> {
  const report = level === 'error' ? error : warning;
  const path = await findProgram(name, (BASE_ENVIRONMENT['PATH'] ?? '').split(':'));
  if (path === undefined) return report(name, 'not found', advice);
  try {
    const { exitCode, stdout, stderr } = await run(path, {
      args: ['--version'],
      timeoutMs: VERSION_MS,
      signal,
    });
    const version = firstLine(`${stdout.toString()}\n${stderr.toString()}`);
    if (exitCode === 0) return ok(name, `${path}, ${version || 'which tells no version'}`);
    return report(name, `${path} --version ends with exit code ${String(exitCode)}: ${version}`, advice);
  } catch (cause) {
    signal.throwIfAborted();
    return report(name, describeError(cause), advice);
  }
}

const firstLine = (text: string): string => text.trim().split('\n', 1)[0] ?? '';

/** The path of the first directory that has it as a program. */
export async function findProgram(name: string, directories: readonly string[]): Promise<string | undefined> {
  const candidates = name.startsWith('/') ? [name] : directories.map((directory) => join(directory, name));
  for (const candidate of candidates) {
    try {
      await access(candidate, constants.X_OK);
      return candidate;
    } catch {
      // Not here; the next directory may have it.
    }
  }
  return undefined;
}
