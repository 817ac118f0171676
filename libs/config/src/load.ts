import { readFile } from 'node:fs/promises';
import { describeError, errnoCode, RuntimeError } from '@crihub/kernel';
import { parseDocument } from 'yaml';
import type { z } from 'zod';
import { referenceMistakes } from './references.ts';
import { type Config, configSchema, separateExperiments } from './schema.ts';

/**
 * Reads the configuration from a YAML file.
 * @throws InvalidArgument naming the file, the field, its value and what is allowed; NotFound if there is no file.
 */
export async function loadConfig(file: string): Promise<Config> {
  return parseConfig(await read(file), file);
}

/** The same for text; `file` is for the messages. Empty text gives the defaults. */
export function parseConfig(text: string, file: string): Config {
  const document = parseDocument(text, { prettyErrors: true });
  const syntax = document.errors[0];
  if (syntax !== undefined) throw new RuntimeError('InvalidArgument', `${file}: ${syntax.message}`);
  const raw: unknown = document.toJS() ?? {};
  const result = configSchema.safeParse(raw, { reportInput: true });
  if (!result.success) throw new RuntimeError('InvalidArgument', describeIssues(result.error, file));
  const config = separateExperiments(result.data);
  const mistakes = referenceMistakes(config);
  if (mistakes.length > 0)
    throw new RuntimeError('InvalidArgument', mistakes.map((mistake) => `${file}: ${mistake}`).join('\n'));
  return config;
}

/** One line per mistake: `file: field is value: what is allowed`. */
export function describeIssues(error: z.ZodError, file: string, prefix: readonly PropertyKey[] = []): string {
  return error.issues
    .flatMap(inBranch)
    .map((issue) => {
      const field = [...prefix, ...issue.path].map(String).join('.') || 'the file';
      if (issue.code === 'unrecognized_keys') {
        return `${file}: ${issue.keys.map((key) => `${field === 'the file' ? '' : `${field}.`}${key}`).join(', ')} is no setting; crihubd config describe lists them`;
      }
      const value = issue.input === undefined ? 'missing' : JSON.stringify(issue.input);
      return `${file}: ${field} is ${value}: ${issue.message}`;
    })
    .join('\n');
}

/** Of the two kinds of handlers, the mistakes of the one that was meant. */
function inBranch(issue: z.core.$ZodIssue): readonly z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const isExperiment = typeof issue.input === 'object' && issue.input !== null && 'experiment' in issue.input;
  const branch = issue.errors[isExperiment ? 0 : 1] ?? [];
  return branch.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const missing = errnoCode(cause) === 'ENOENT';
    throw new RuntimeError(
      missing ? 'NotFound' : 'FailedPrecondition',
      missing
        ? `there is no configuration file ${file}; 'crihubd config default' prints one to start from`
        : `configuration file ${file} can't be read: ${describeError(cause)}`,
      { cause },
    );
  }
}
