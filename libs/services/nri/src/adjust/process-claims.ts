import type { Container } from '@crihub/contract';
import { Field, type KeyValue, type POSIXRlimit } from '@crihub/wire/nri';
import { type Claim, integer, invalid, parseMarked } from './claim.ts';

type ContainerClaim = Claim<Container>;

export const annotationClaims = (annotations: Readonly<Record<string, string>>): readonly ContainerClaim[] =>
  Object.entries(annotations).map(([name, value]) => {
    const { key, change } = parseMarked(name);
    return {
      field: Field.Annotations,
      key,
      change,
      apply: (container) => {
        const { [key]: _old, ...others } = container.annotations;
        return { ...container, annotations: change === 'set' ? { ...others, [key]: value } : others };
      },
    };
  });

export const environmentClaims = (env: readonly KeyValue[]): readonly ContainerClaim[] =>
  env.map(({ key: name, value }) => {
    const { key, change } = parseMarked(name);
    if (key === '' || /[=\0]/.test(key) || value.includes('\0'))
      throw invalid(`env has '${name}', which is no name of a variable, or its value has a NUL in it`);
    return {
      field: Field.Env,
      key,
      change,
      apply: (container) => {
        const others = container.process.env.filter((variable) => !variable.startsWith(`${key}=`));
        const changed = change === 'set' ? [...others, `${key}=${value}`] : others;
        return { ...container, process: { ...container.process, env: changed } };
      },
    };
  });

/** An empty first argument takes the others over from a plugin that has set them. */
export function argumentClaims(args: readonly string[]): readonly ContainerClaim[] {
  if (args.length === 0) return [];
  const takeOver = args[0] === '';
  const wanted = takeOver ? args.slice(1) : args;
  if (wanted.length === 0) throw invalid('args are set to none; a container has a program to run');
  const set: ContainerClaim = {
    field: Field.Args,
    change: 'set',
    apply: (container) => ({ ...container, process: { ...container.process, args: wanted } }),
  };
  return takeOver ? [{ ...set, change: 'remove', apply: (container) => container }, set] : [set];
}

/** They can be set only. */
export const rlimitClaims = (rlimits: readonly POSIXRlimit[]): readonly ContainerClaim[] =>
  rlimits.map(({ type, soft, hard }) => {
    if (!/^RLIMIT_[A-Z]+$/.test(type)) throw invalid(`'${type}' is no limit such as RLIMIT_NOFILE`);
    const limit = { type, soft: limitValue(soft, type), hard: limitValue(hard, type) };
    return {
      field: Field.Rlimits,
      key: type,
      change: 'set',
      apply: ({ process, ...container }) => {
        const others = (process.rlimits ?? []).filter((other) => other.type !== type);
        return { ...container, process: { ...process, rlimits: [...others, limit] } };
      },
    };
  });

const RLIM_INFINITY = 2n ** 64n - 1n;
const limitValue = (value: bigint, type: string): number =>
  value === RLIM_INFINITY ? -1 : integer(value, type);
