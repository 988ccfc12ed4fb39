import type { Metric } from '@sluice/contracts';
import { expect, test } from 'vitest';
import { CounterCells } from '../../src/telemetry/counter-cells.js';
import { Observers } from '../../src/telemetry/observers.js';

const gauge: Metric = { kind: 'gauge', name: 'g', unit: '1', description: '', attributes: [] };

test('everyone who looks at once shares a round, and the next look is a new one', async () => {
  const observers = new Observers();
  let asked = 0;
  observers.add((record) => record(gauge, ++asked, {}));
  const [a, b] = await Promise.all([observers.round(), observers.round()]);
  expect(a).toBe(b);
  expect((await observers.round()).get(gauge)).toEqual([{ value: 2, attributes: {} }]);
});

test('an observer that fails or never answers keeps no other from being seen', async () => {
  const observers = new Observers(20);
  observers.add(() => {
    throw new Error('no');
  });
  observers.add(() => Promise.reject(new Error('no')));
  observers.add(() => new Promise(() => {}));
  const end = observers.add((record) => record(gauge, 1, {}));
  expect((await observers.round()).get(gauge)).toEqual([{ value: 1, attributes: {} }]);
  end();
  expect((await observers.round()).get(gauge)).toBeUndefined();
});

test('a counter goes on from where it was when it is asked for with the same attributes', () => {
  const cells = new CounterCells();
  cells.cell({ a: '1', b: '2' }).add(1);
  cells.cell({ b: '2', a: '1' }).add(2);
  cells.cell({ a: '2', b: '2' }).add(5);
  expect([...cells.all()].map(({ value }) => value)).toEqual([3, 5]);
});
