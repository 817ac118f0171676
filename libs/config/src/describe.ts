import { z } from 'zod';
import { configSchema } from './schema.ts';

interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly anyOf?: readonly JsonSchema[];
}

const schema = (): JsonSchema => z.toJSONSchema(configSchema, { io: 'input' }) as JsonSchema;

/** A configuration file that says what is so anyway, with the meaning of each setting as a comment. */
export function renderDefaultConfig(): string {
  return `${renderObject(schema(), 0).join('\n')}\n`;
}

function renderObject({ properties = {} }: JsonSchema, depth: number): string[] {
  const indent = '  '.repeat(depth);
  return Object.entries(properties).flatMap(([name, entry]) => {
    const comment = `${indent}# ${entry.description ?? ''}${entry.enum === undefined ? '' : ` One of: ${entry.enum.join(', ')}.`}`;
    if (entry.properties !== undefined)
      return [comment, `${indent}${name}:`, ...renderObject(entry, depth + 1)];
    if (entry.default === undefined) return [comment, `${indent}# ${name}:`];
    return [comment, `${indent}${name}: ${JSON.stringify(entry.default)}`];
  });
}

/** One row per setting, for the documentation: dotted name, default, meaning. */
export function describeSettings(): readonly {
  readonly name: string;
  readonly default: string;
  readonly meaning: string;
}[] {
  return rows(schema(), '');
}

/** The same as a table in Markdown, which docs/configuration.md has. */
export function renderSettingsTable(): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  const lines = describeSettings().map(
    ({ name, default: value, meaning }) =>
      `| \`${name}\` | ${value === '' ? '' : `\`${cell(value)}\``} | ${cell(meaning)} |`,
  );
  return ['| setting | default | meaning |', '| --- | --- | --- |', ...lines, ''].join('\n');
}

function rows(
  { properties = {} }: JsonSchema,
  prefix: string,
): { name: string; default: string; meaning: string }[] {
  return Object.entries(properties).flatMap(([key, entry]) => {
    const name = `${prefix}${key}`;
    if (entry.properties !== undefined) return rows(entry, `${name}.`);
    const perName =
      typeof entry.additionalProperties === 'object'
        ? (entry.additionalProperties.anyOf ?? [entry.additionalProperties]).flatMap((kind) =>
            rows(kind, `${name}.<name>.`),
          )
        : [];
    const value = entry.default === undefined ? '' : JSON.stringify(entry.default);
    return [{ name, default: value, meaning: entry.description ?? '' }, ...perName];
  });
}
