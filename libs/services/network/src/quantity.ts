const QUANTITY = /^\+?(\d*)\.?(\d*)(?:[eE]([+-]?\d{1,2})|([numkMGTPE]|[KMGTPE]i))?$/;
const DECIMAL_EXPONENT: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const BINARY_PREFIXES = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/**
 * Reads a Kubernetes quantity (`10M`, `1.5Gi`, `1e6`) that is not negative, rounded up to a whole number.
 * `undefined` for anything else. See the API machinery's `resource.Quantity`.
 */
export function parseQuantity(text: string): bigint | undefined {
  const match = QUANTITY.exec(text);
  if (match === null) return undefined;
  const [, whole = '', fraction = '', exponent, suffix = ''] = match;
  if (whole === '' && fraction === '') return undefined;
  const decimal = Number(exponent ?? DECIMAL_EXPONENT[suffix] ?? 0) - fraction.length;
  const binary = 10n * BigInt(BINARY_PREFIXES.indexOf(suffix) + 1);
  const numerator = (BigInt(whole + fraction) << binary) * 10n ** BigInt(Math.max(decimal, 0));
  const denominator = 10n ** BigInt(Math.max(-decimal, 0));
  return (numerator + denominator - 1n) / denominator;
}
