import { expect, test } from 'vitest';
import { throughput } from '../load/report.js';

test('the wanted throughput is judged only where the users ask for that much', () => {
  expect(throughput(700, { users: 200, rate: 4 })).toBe('reached  700 requests/s (640 wanted)');
  expect(throughput(639, { users: 160, rate: 4 })).toBe('MISSED   639 requests/s (640 wanted)');
  expect(throughput(40, { users: 10, rate: 4 })).toBe(
    '        40 requests/s (640 wanted: not asked for, the users offer 40)',
  );
});
