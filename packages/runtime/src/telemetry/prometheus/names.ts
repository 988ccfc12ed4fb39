import type { Attributes, Metric } from '@sluice/contracts';

/** What units are called in Prometheus; those in braces say what is counted and are left out. */
const UNITS: Readonly<Record<string, string>> = { s: 'seconds', By: 'bytes' };

/** `sluice.sink.write.duration` in seconds is `sluice_sink_write_duration_seconds`; counters end in `_total`. */
export function prometheusName({ name, unit, kind }: Metric): string {
  const base = plain(name);
  const suffix = UNITS[unit];
  const measured = suffix === undefined || base.endsWith(`_${suffix}`) ? base : `${base}_${suffix}`;
  return kind === 'counter' ? `${measured}_total` : measured;
}

/** `sluice.sink` is the label `sink`, `error.type` is `error_type`. */
export function labelName(attribute: string): string {
  return plain(attribute.replace(/^sluice\./, ''));
}

/** Attributes as labels. */
export function labelsOf(attributes: Attributes): Record<string, string> {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [labelName(name), value]));
}

function plain(name: string): string {
  return name.replaceAll(/[^a-zA-Z0-9_]/g, '_');
}
