import type { Comparison, Metric } from '../compare/index.ts';

type MetricUnit = Metric['unit'];

/** A value with the unit that people read it in: `53.1 ms`, `14.2 MiB`, `0.003 cores`. */
export function formatValue(value: number, unit: MetricUnit): string {
  const { factor, name } = scaleOf(unit, value);
  return `${significant(value * factor)} ${name}`;
}

/** As axes and columns of plots have it: one scale for all values. */
export function scaleOf(
  unit: MetricUnit,
  largest: number,
): { readonly factor: number; readonly name: string } {
  const size = Math.abs(largest);
  switch (unit) {
    case 'seconds':
      if (size >= 10) return { factor: 1, name: 's' };
      return size >= 0.001 ? { factor: 1e3, name: 'ms' } : { factor: 1e6, name: 'µs' };
    case 'bytes':
      return size >= 2 ** 20 ? { factor: 2 ** -20, name: 'MiB' } : { factor: 2 ** -10, name: 'KiB' };
    case 'cores':
      return size >= 0.1 ? { factor: 1, name: 'cores' } : { factor: 1000, name: 'millicores' };
  }
}

/** Three significant digits. */
export const significant = (value: number): string =>
  value === 0 ? '0' : Number(value.toPrecision(3)).toLocaleString('en', { maximumSignificantDigits: 3 });

export function formatComparison(comparison: Comparison | undefined, unit: MetricUnit): string {
  if (comparison === undefined) return '';
  if (comparison.verdict === 'tooFewSamples')
    return `too few samples (${String(comparison.smallest)}, ${String(comparison.needed)} are needed)`;
  const { difference, low, high, p } = comparison;
  const { factor, name } = scaleOf(unit, Math.max(...[difference, low, high].map(Math.abs)));
  const [middle = '', from = '', to = ''] = [difference, low, high].map((value) => signed(value * factor));
  return `${middle} ${name} [${from}, ${to}], ${formatP(p)}`;
}

export const formatP = (p: number): string => (p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(3)}`);

const signed = (value: number): string => `${value > 0 ? '+' : ''}${significant(value)}`;

export const percent = (part: number, whole: number): string =>
  whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`;
