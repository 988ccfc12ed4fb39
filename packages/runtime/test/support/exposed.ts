import type { Registry } from 'prom-client';

/** What a scrape of the registry gives: its text, and the values in it. */
export async function exposed(registry: Registry): Promise<{
  readonly text: string;
  value(name: string, labels: Readonly<Record<string, string>>): number | undefined;
  count(name: string): number;
}> {
  const text = await registry.metrics();
  const lines = text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(parsed);
  return {
    text,
    value: (name, labels) => lines.find((line) => line.name === name && same(line.labels, labels))?.value,
    count: (name) => lines.filter((line) => line.name === name).length,
  };
}

/** One line of the text format: `name{label="value"} 1`. */
function parsed(line: string) {
  const [, name = '', labels = '', value = ''] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, text]) => [key, text]);
  return { name, labels: Object.fromEntries(pairs) as Record<string, string>, value: Number(value) };
}

function same(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  return Object.keys(a).length === Object.keys(b).length && Object.entries(b).every(([key, value]) => a[key] === value);
}
