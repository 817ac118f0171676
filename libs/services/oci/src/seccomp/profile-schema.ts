import { z } from 'zod';

const ACTIONS = [
  'SCMP_ACT_ALLOW',
  'SCMP_ACT_ERRNO',
  'SCMP_ACT_KILL',
  'SCMP_ACT_KILL_PROCESS',
  'SCMP_ACT_KILL_THREAD',
  'SCMP_ACT_LOG',
  'SCMP_ACT_NOTIFY',
  'SCMP_ACT_TRACE',
  'SCMP_ACT_TRAP',
] as const;
const OPERATORS = ['NE', 'LT', 'LE', 'EQ', 'GE', 'GT', 'MASKED_EQ'].map((name) => `SCMP_CMP_${name}`);

/** JSON's numbers end at 2^53; beyond it the reader hands over a bigint. */
const uint64 = z.union([
  z.int().nonnegative(),
  z
    .bigint()
    .nonnegative()
    .max(2n ** 64n - 1n),
]);
const uint32 = z.int().nonnegative().max(0xffffffff);
const list = <Item extends z.ZodType>(item: Item) =>
  z
    .array(item)
    .nullable()
    .transform((items) => items ?? [])
    .default([]);

const filter = z.object({
  caps: list(z.string()),
  arches: list(z.string()),
  minKernel: z
    .string()
    .regex(/^\d+\.\d+$/, 'must be a version such as 4.8')
    .nullish(),
});

const argument = z.object({
  index: z.int().min(0).max(5),
  value: uint64,
  valueTwo: uint64.nullish(),
  op: z.enum(OPERATORS),
});

const rule = z.object({
  /** The form of old Docker profiles. */
  name: z.string().nullish(),
  names: list(z.string().min(1)),
  action: z.enum(ACTIONS),
  errnoRet: uint32.nullish(),
  args: list(argument),
  includes: filter.nullish(),
  excludes: filter.nullish(),
});

/** A profile in Docker's format or as the OCI specification has it; unknown fields are left aside. */
export const profileSchema = z
  .object({
    defaultAction: z.enum(ACTIONS),
    defaultErrnoRet: uint32.nullish(),
    architectures: list(z.string()),
    archMap: list(z.object({ architecture: z.string(), subArchitectures: list(z.string()) })),
    flags: list(z.string()),
    listenerPath: z.string().nullish(),
    listenerMetadata: z.string().nullish(),
    syscalls: list(rule),
  })
  .refine((profile) => profile.architectures.length === 0 || profile.archMap.length === 0, {
    message: 'can\'t have both "architectures" and "archMap"',
  });

export type SeccompProfileFile = z.output<typeof profileSchema>;
export type ProfileRule = SeccompProfileFile['syscalls'][number];
export type RuleFilter = z.output<typeof filter>;
