import { RuntimeError } from '@crihub/kernel';
import { z } from 'zod';
import type { OciSeccomp, OciSyscallRule } from '../oci-spec.ts';
import { seccompArchitectures } from './architectures.ts';
import {
  type ProfileRule,
  profileSchema,
  type RuleFilter,
  type SeccompProfileFile,
} from './profile-schema.ts';
import { atLeast, type SeccompContext } from './seccomp-context.ts';

/**
 * `linux.seccomp` from the text of a profile: the rules that hold for this container on this host.
 * @param source What the text is, for errors: a path.
 * @throws InvalidArgument naming the field that is wrong.
 */
export function loadSeccompProfile(text: string, context: SeccompContext, source = 'profile'): OciSeccomp {
  const result = profileSchema.safeParse(parse(text, source));
  if (!result.success) throw invalid(source, z.prettifyError(result.error).replaceAll(/\s+/g, ' '));
  const profile = result.data;
  return {
    defaultAction: profile.defaultAction,
    ...present('defaultErrnoRet', profile.defaultErrnoRet),
    ...architecturesOf(profile, context),
    ...(profile.flags.length === 0 ? {} : { flags: profile.flags }),
    ...present('listenerPath', profile.listenerPath),
    ...present('listenerMetadata', profile.listenerMetadata),
    syscalls: profile.syscalls
      .filter((rule) => holds(rule, context))
      .map(toOci)
      .filter((rule) => rule.names.length > 0),
  };
}

function parse(text: string, source: string): unknown {
  try {
    return JSON.parse(text, exactInteger);
  } catch (cause) {
    throw invalid(source, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

/** A number that a double can't hold, as a bigint made from its digits. */
function exactInteger(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const digits = context?.source ?? '';
  return /^-?\d+$/.test(digits) ? BigInt(digits) : value;
}

const invalid = (source: string, problem: string, cause?: unknown): RuntimeError =>
  new RuntimeError('InvalidArgument', `the seccomp profile ${source} is not valid: ${problem}`, {
    operation: 'load seccomp profile',
    cause,
  });

function architecturesOf(
  profile: SeccompProfileFile,
  { architecture }: SeccompContext,
): Pick<OciSeccomp, 'architectures'> {
  const native = seccompArchitectures(architecture)[0];
  const mapped = profile.archMap.find((entry) => entry.architecture === native);
  const names =
    mapped === undefined ? profile.architectures : [mapped.architecture, ...mapped.subArchitectures];
  return names.length === 0 ? {} : { architectures: names };
}

/** Docker's conditions: all of `includes` and nothing of `excludes`. */
function holds({ includes, excludes }: ProfileRule, context: SeccompContext): boolean {
  if (excludes != null && isExcluded(excludes, context)) return false;
  return includes == null || isIncluded(includes, context);
}

const isIncluded = ({ arches, caps, minKernel }: RuleFilter, context: SeccompContext): boolean =>
  (arches.length === 0 || arches.includes(context.architecture)) &&
  caps.every((name) => context.capabilities.includes(name)) &&
  (minKernel == null || isKernel(minKernel, context));

const isExcluded = ({ arches, caps, minKernel }: RuleFilter, context: SeccompContext): boolean =>
  arches.includes(context.architecture) ||
  caps.some((name) => context.capabilities.includes(name)) ||
  (minKernel != null && isKernel(minKernel, context));

function isKernel(minKernel: string, { kernelVersion }: SeccompContext): boolean {
  const [major = 0, minor = 0] = minKernel.split('.').map(Number);
  return atLeast(kernelVersion, [major, minor]);
}

const toOci = ({ name, names, action, errnoRet, args }: ProfileRule): OciSyscallRule => ({
  names: name == null ? names : [name, ...names],
  action,
  ...present('errnoRet', errnoRet),
  ...(args.length === 0
    ? {}
    : {
        args: args.map(({ index, value, valueTwo, op }) => ({
          index,
          value,
          ...present('valueTwo', valueTwo),
          op,
        })),
      }),
});

function present<Key extends string, Value>(
  key: Key,
  value: Value | null | undefined,
): Partial<Record<Key, Value>> {
  return value == null ? {} : ({ [key]: value } as Record<Key, Value>);
}
