import { readFileSync } from 'node:fs';
import type { Metric } from '@sluice/contracts';
import { ATTRIBUTES, METRICS } from '@sluice/runtime';
import { prometheusTelemetry } from '@sluice/runtime/prometheus';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';

const page = readFileSync(new URL('../telemetry.md', import.meta.url), 'utf8');
const metrics: readonly Metric[] = Object.values(METRICS);
const shared: readonly string[] = [ATTRIBUTES.pipeline, ATTRIBUTES.sink];

/** What a metric is called in Prometheus, as the binding registers it. */
function inPrometheus(metric: Metric): string {
  const registry = new Registry();
  const telemetry = prometheusTelemetry({ registry });
  if (metric.kind === 'gauge') telemetry.gauges([metric], () => {});
  else telemetry[metric.kind](metric, Object.fromEntries(metric.attributes.map((name) => [name, ''])));
  return (registry.getMetricsAsArray()[0] as { name: string }).name;
}

const table = [
  '| metric | in Prometheus | unit | what it tells | further attributes |',
  '|---|---|---|---|---|',
  ...metrics.map((metric) => {
    const more = metric.attributes.filter((name) => !shared.includes(name)).map((name) => `\`${name}\``);
    const { name, kind, unit, description } = metric;
    return `| \`${name}\` (${kind}) | \`${inPrometheus(metric)}\` | ${unit} | ${description} | ${more.join(', ')} |`;
  }),
].join('\n');

test('the page lists every metric as it is', () => {
  expect(page).toContain(table);
});

test('metrics are named as OpenTelemetry names them, each once', () => {
  const names = metrics.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^sluice(\.[a-z]+(_[a-z]+)*)+$/);
  expect(new Set(metrics.map(inPrometheus)).size).toBe(names.length);
  for (const { attributes } of metrics) {
    for (const attribute of attributes) expect(Object.values(ATTRIBUTES)).toContain(attribute);
  }
});

test('the page tells of every attribute and channel', () => {
  for (const name of ['write', 'checkpoint', 'generation', 'dead-letter', 'notice']) {
    expect(page).toContain(`| \`sluice:${name}\` |`);
  }
  for (const attribute of Object.values(ATTRIBUTES)) expect(page).toContain(`\`${attribute}\``);
});
