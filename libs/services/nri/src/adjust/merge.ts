import { ContainerAdjustment, type ContainerAdjustment as Adjustment } from '@crihub/wire/nri';

/** What several plugins adjusted, as one message for those that validate. No two of them set the same. */
export const mergeAdjustments = (adjustments: readonly Adjustment[]): Adjustment =>
  adjustments.reduce((sum, next) => merge(sum, next) as Adjustment, ContainerAdjustment.create());

/** Lists are joined, messages and maps merged; of two plain values the one that is set counts. */
function merge(a: unknown, b: unknown): unknown {
  if (Array.isArray(a) && Array.isArray(b))
    return [...(a as readonly unknown[]), ...(b as readonly unknown[])];
  if (isRecord(a) && isRecord(b)) {
    const names = new Set([...Object.keys(a), ...Object.keys(b)]);
    return Object.fromEntries([...names].map((name) => [name, merge(a[name], b[name])]));
  }
  return isUnset(b) ? a : b;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isUnset = (value: unknown): boolean =>
  value === undefined || value === '' || value === 0 || value === false;
