/** Numbers for people, in their language. */

export function formatNumber(locale: string, value: number): string {
  return new Intl.NumberFormat(locale, { maximumSignificantDigits: 3, useGrouping: true }).format(value);
}

export function formatCount(locale: string, value: number): string {
  return new Intl.NumberFormat(locale, { maximumFractionDigits: 0 }).format(value);
}

/** A score of 0 to 1, with three decimals. */
export function formatScore(locale: string, value: number): string {
  return new Intl.NumberFormat(locale, { minimumFractionDigits: 3, maximumFractionDigits: 3 }).format(value);
}

export function formatPixels(locale: string, value: number): string {
  return new Intl.NumberFormat(locale, { maximumFractionDigits: 1 }).format(value);
}

export function formatPercent(locale: string, value: number): string {
  return new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 }).format(value);
}

/** Seconds below two minutes, then minutes, then hours. */
export function formatDuration(locale: string, seconds: number): string {
  const show = (value: number, unit: 'second' | 'minute' | 'hour', digits: number): string =>
    new Intl.NumberFormat(locale, {
      style: 'unit',
      unit,
      unitDisplay: 'short',
      maximumFractionDigits: digits,
    }).format(value);
  if (seconds < 120) return show(Math.max(1, Math.round(seconds)), 'second', 0);
  if (seconds < 7200) return show(seconds / 60, 'minute', seconds < 600 ? 1 : 0);
  return show(seconds / 3600, 'hour', 1);
}

export function formatMoment(locale: string, iso: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(iso));
}

export function formatTime(locale: string, iso: string): string {
  return new Intl.DateTimeFormat(locale, { timeStyle: 'short' }).format(new Date(iso));
}
