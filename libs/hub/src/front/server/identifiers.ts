import type { LogFields } from '@crihub/kernel';

const MAX_LENGTH = 256;

type Path = readonly string[];

/** Log field by where it stands in a message. All that is not named here stays out of the log. */
const IDENTIFIERS: Readonly<Record<string, Path>> = {
  sandbox: ['podSandboxId'],
  container: ['containerId'],
  image: ['image', 'image'],
  imageRef: ['imageRef'],
  reference: ['reference'],
  path: ['path'],
  handler: ['runtimeHandler'],
  namespace: ['config', 'metadata', 'namespace'],
  name: ['config', 'metadata', 'name'],
};

/** The ids and names that a request or response carries, cut to a bounded length. */
export function identifiersIn(message: unknown): LogFields {
  const fields: Record<string, string> = {};
  for (const [field, path] of Object.entries(IDENTIFIERS)) {
    const value = textAt(message, path);
    if (value !== '') fields[field] = value.slice(0, MAX_LENGTH);
  }
  return fields;
}

function textAt(message: unknown, path: Path): string {
  let value = message;
  for (const key of path) value = isRecord(value) ? value[key] : undefined;
  return typeof value === 'string' ? value : '';
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
