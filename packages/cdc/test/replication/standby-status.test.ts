import { expect, test } from 'vitest';
import { backoffMs } from '../../src/replication/backoff.js';
import { livenessOf } from '../../src/replication/liveness.js';
import { StandbyStatus } from '../../src/replication/standby-status.js';
import { formatLsn, parseLsn } from '../../src/wire/lsn.js';

test('a status says exactly what was confirmed', () => {
  const status = new StandbyStatus(0x16_b374_d848);
  status.received = 0x16_b374_d900;
  const bytes = Buffer.from(status.message(true));
  expect(bytes.subarray(0, 6)).toEqual(Buffer.from([0x64, 0, 0, 0, 38, 0x72]));
  expect(bytes.readBigUInt64BE(6)).toBe(0x16_b374_d900n);
  expect([bytes.readBigUInt64BE(14), bytes.readBigUInt64BE(22)]).toEqual([0x16_b374_d848n, 0x16_b374_d848n]);
  expect(bytes[38]).toBe(1);
  expect(bytes.length).toBe(39);
});

test('a link is asked after half its time and dead after all of it, and never judged while paused', () => {
  expect([0, 499, 500, 999, 1000].map((silent) => livenessOf(silent, 1000, false))).toEqual([
    'alive',
    'alive',
    'ask',
    'ask',
    'dead',
  ]);
  expect(livenessOf(9999, 1000, true)).toBe('alive');
});

test('the pauses between attempts double, up to a maximum', () => {
  const options = { initialDelayMs: 100, maxDelayMs: 1000, giveUpAfterMs: 0 };
  expect([0, 1, 2, 3, 4, 99].map((attempt) => backoffMs(attempt, options, 1))).toEqual([
    100, 200, 400, 800, 1000, 1000,
  ]);
  expect(backoffMs(0, options, 0)).toBe(50);
});

test('log positions beyond 32 bits', () => {
  for (const text of ['0/0', '16/B374D848', 'FFFFF/FFFFFFFF', '0/FFFFFFFF', '1/0']) {
    expect(formatLsn(parseLsn(text))).toBe(text);
  }
});
