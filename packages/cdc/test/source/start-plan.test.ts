import { describe, expect, test } from 'vitest';
import { planStart, type StartFacts } from '../../src/source/start-plan.js';

const facts = (over: Partial<StartFacts> = {}): StartFacts => ({
  checkpoints: new Map(),
  streamLane: 'slot:s',
  slotName: 's',
  slotConfirmed: undefined,
  mayCreate: true,
  temporary: false,
  wantsSnapshot: true,
  ...over,
});
const position = { resume: '0000000000000010', within: 3 };
const checkpoint = { checkpoints: new Map([['slot:s', { position, identity: 'i' }]]) };
const announced = { checkpoints: new Map([['slot:s', null]]) };
const code = (of: StartFacts) => {
  try {
    return planStart(of);
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('how a session begins', () => {
  test.each<[string, Partial<StartFacts>, unknown]>([
    ['nothing is there yet', {}, { kind: 'create', snapshot: true }],
    ['nothing is there yet, no snapshot wanted', { wantsSnapshot: false }, { kind: 'create', snapshot: false }],
    ['nothing is there, and nothing may be made', { mayCreate: false }, 'CDC_SLOT_MISSING'],
    ['a checkpoint and its slot', { ...checkpoint, slotConfirmed: 5 }, { kind: 'existing', position, snapshot: false }],
    ['a checkpoint, and the slot is gone', checkpoint, 'CDC_SLOT_MISSING'],
    [
      'a first start died during the snapshot',
      { ...announced, slotConfirmed: 5 },
      { kind: 'existing', position: { resume: '0000000000000005', within: 0 }, snapshot: true },
    ],
    ['a first start died before it made the slot', announced, { kind: 'create', snapshot: true }],
    ['a slot, and the checkpoints are lost', { slotConfirmed: 5 }, 'CDC_CHECKPOINT_MISSING'],
    ['the same without a snapshot', { slotConfirmed: 5, wantsSnapshot: false }, 'CDC_CHECKPOINT_MISSING'],
    [
      'a slot that was made for us',
      { slotConfirmed: 5, mayCreate: false },
      { kind: 'existing', position: { resume: '0000000000000005', within: 0 }, snapshot: true },
    ],
    ['a temporary slot', { ...checkpoint, temporary: true }, { kind: 'create', snapshot: true }],
  ])('%s', (_, over, expected) => {
    expect(code(facts(over))).toEqual(expected);
  });
});
