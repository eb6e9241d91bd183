// How figures are written. Everything is in the units that the server uses, and is rounded here only.

const whole = new Intl.NumberFormat("en");

export function milliseconds(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}

/** Limits are round numbers: 1 s, 1.5 s, 500 ms. */
export function limit(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${Number((ms / 1000).toFixed(2))} s`;
}

export function memory(kb: number): string {
  if (kb < 1024) return `${kb} KiB`;
  const mb = kb / 1024;
  return `${mb < 10 ? Number(mb.toFixed(1)) : Math.round(mb)} MiB`;
}

export function bytes(n: number): string {
  return n < 10_000 ? `${whole.format(n)} B` : `${(n / 1000).toFixed(1)} kB`;
}

export const count = (n: number) => whole.format(n);

/** How many digits stand after the point (ISO 4217), as the browser knows it. */
export function digits(currency: string): number {
  try {
    const format = new Intl.NumberFormat("en", { style: "currency", currency });
    return format.resolvedOptions().maximumFractionDigits ?? 2;
  } catch {
    return 2;
  }
}

export function money(minor: number, currency: string): string {
  const places = digits(currency);
  const format = new Intl.NumberFormat("en", { minimumFractionDigits: places, maximumFractionDigits: places });
  return `${format.format(minor / 10 ** places).replace("-", "−")} ${currency}`;
}

/** What was typed, in minor units; null where it is no amount of that currency. */
export function minorUnits(text: string, currency: string): number | null {
  const places = digits(currency);
  const match = /^(\d{1,13})(?:\.(\d*))?$/.exec(text.trim());
  if (!match || (match[2] ?? "").length > places) return null;
  const value = Number(`${match[1]}${(match[2] ?? "").padEnd(places, "0")}`);
  return Number.isSafeInteger(value) && value > 0 ? value : null;
}

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

/** The time for what is of today, else the day and the time. */
export function moment(iso: string, now = new Date()): string {
  const at = new Date(iso);
  const time = clock.format(at);
  return at.toDateString() === now.toDateString() ? time : `${day.format(at)}, ${time}`;
}

export const shortId = (id: string) => id.slice(-8);
