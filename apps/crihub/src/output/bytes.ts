const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** Bytes to three digits with a decimal unit, as image lists have them: `4.86MB`. */
export function formatBytes(bytes: number | bigint): string {
  let value = Number(bytes);
  let unit = 0;
  // What would be rounded up to 1000 belongs to the next unit.
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const text = unit === 0 ? String(value) : String(Number(value.toPrecision(3)));
  return `${text}${UNITS[unit] ?? ''}`;
}
