import { serializeOci } from '@crihub/service-oci';
import type { Any } from '@crihub/wire/containerd';

const OCI = 'types.containerd.io/opencontainers/runtime-spec/1';

/** How containerd names JSON of the OCI runtime specification. */
export const OCI_TYPES = {
  spec: `${OCI}/Spec`,
  process: `${OCI}/Process`,
  resources: `${OCI}/LinuxResources`,
} as const;

/** A value as JSON, under a name that says how to read it. */
export const jsonAny = (typeUrl: string, value: object): Any => ({
  typeUrl,
  value: Buffer.from(serializeOci(value)),
});

/** @throws SyntaxError if it is not JSON. A number that is too large to be exact becomes a bigint. */
export const parseJsonAny = ({ value }: Any): unknown => JSON.parse(value.toString(), exactNumbers);

/** A limit such as 2^64 - 1 is more than a number can hold. */
function exactNumbers(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || context?.source === undefined) return value;
  return /^-?\d+$/.test(context.source) ? BigInt(context.source) : value;
}
