/** How many bytes something has, for people. */

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB'];

/** `12 kB`, in powers of a thousand. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1_000 && unit < BYTE_UNITS.length - 1) {
    value /= 1_000;
    unit++;
  }
  return `${value.toFixed(value < 10 && unit > 0 ? 1 : 0)} ${BYTE_UNITS[unit] ?? ''}`;
}
