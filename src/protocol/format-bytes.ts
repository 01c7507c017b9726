const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;

/** A size for people, e.g. `12 MB`: units are powers of 1000, here and wherever a person gives a size. */
export function formatBytes(bytes: number, locale = 'en'): string {
  const power = Math.min(UNITS.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3));
  return new Intl.NumberFormat(locale, {
    style: 'unit',
    unit: UNITS[power] ?? 'byte',
    unitDisplay: 'short',
    maximumFractionDigits: power < 2 ? 0 : power < 3 ? 1 : 2,
  }).format(bytes / 1000 ** power);
}
