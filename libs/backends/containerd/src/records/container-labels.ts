import type { Container, ContainerExit, Sandbox } from '@crihub/contract';
import type { ContainerId, SandboxId } from '@crihub/kernel';
import { z } from 'zod';
import { jsonAny, parseJsonAny } from '../api/any.ts';
import type { StoredContainer } from '../api/container-store.ts';

/** Labels by which a record in containerd is ours. */
export const LABELS = {
  handler: 'crihub/handler',
  kind: 'crihub/kind',
  sandbox: 'crihub/sandbox',
  /** The boot in which it was made; nothing but the record survives that. */
  boot: 'crihub/boot',
  exit: 'crihub/exit',
} as const;

const EXTENSION = 'crihub/as-given';

export interface RecordIdentity {
  readonly handler: string;
  readonly bootId: string;
}

export type StoredRecord =
  | {
      readonly kind: 'sandbox';
      readonly id: SandboxId;
      readonly bootId: string;
      readonly sandbox: Sandbox | undefined;
    }
  | {
      readonly kind: 'container';
      readonly id: ContainerId;
      readonly sandboxId: SandboxId;
      readonly bootId: string;
      readonly container: Container | undefined;
      readonly exit: ContainerExit | undefined;
    };

/** The part of a pod's record that says whose it is, with the pod as it was given. */
export const sandboxLabels = (
  sandbox: Sandbox,
  { handler, bootId }: RecordIdentity,
): Pick<StoredContainer, 'labels' | 'extensions'> => ({
  labels: {
    [LABELS.handler]: handler,
    [LABELS.kind]: 'sandbox',
    [LABELS.sandbox]: sandbox.id,
    [LABELS.boot]: bootId,
  },
  extensions: { [EXTENSION]: jsonAny('crihub/Sandbox', sandbox) },
});

/** The same of a container. */
export const containerLabels = (
  container: Container,
  { handler, bootId }: RecordIdentity,
): Pick<StoredContainer, 'labels' | 'extensions'> => ({
  labels: {
    [LABELS.handler]: handler,
    [LABELS.kind]: 'container',
    [LABELS.sandbox]: container.sandboxId,
    [LABELS.boot]: bootId,
  },
  extensions: { [EXTENSION]: jsonAny('crihub/Container', container) },
});

export const exitLabel = ({ exitCode, finishedAt, oomKilled }: ContainerExit): Record<string, string> => ({
  [LABELS.exit]: JSON.stringify({ exitCode, finishedAt: String(finishedAt), oomKilled }),
});

const exitSchema = z.object({
  exitCode: z.number().int(),
  finishedAt: z.string().regex(/^\d+$/).transform(BigInt),
  oomKilled: z.boolean(),
});
// What the hub gave is kept as it is: it is the hub's, checked before it came here.
const given = <T>() =>
  z.custom<T>((value) => typeof value === 'object' && value !== null && 'id' in value).optional();

/** Reads a record of ours; what is damaged of it is left out, so that it can still be removed. */
export function storedRecord({ id, labels, extensions }: StoredContainer): StoredRecord {
  const bootId = labels[LABELS.boot] ?? '';
  const asGiven = extensions[EXTENSION];
  const value = asGiven === undefined ? undefined : tryParse(() => parseJsonAny(asGiven));
  if (labels[LABELS.kind] === 'sandbox') {
    const sandbox = given<Sandbox>().safeParse(value).data;
    return { kind: 'sandbox', id: id as SandboxId, bootId, sandbox };
  }
  const exit = labels[LABELS.exit];
  return {
    kind: 'container',
    id: id as ContainerId,
    sandboxId: (labels[LABELS.sandbox] ?? '') as SandboxId,
    bootId,
    container: given<Container>().safeParse(value).data,
    exit: exit === undefined ? undefined : exitSchema.safeParse(tryParse(() => JSON.parse(exit))).data,
  };
}

function tryParse(parse: () => unknown): unknown {
  try {
    return parse();
  } catch {
    return undefined; // damaged: treated as absent
  }
}
