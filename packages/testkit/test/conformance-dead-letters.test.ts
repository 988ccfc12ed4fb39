import { describe, test } from 'vitest';
import { conformance, deadLetterStoreConformance } from '../src/conformance/index.js';
import { expectBroken } from './expect-broken.js';
import { leaking } from './fixtures/leaking.js';
import { type DeadLetterDefect, memoryDeadLetterPlace } from './fixtures/memory-dead-letter-store.js';

const letters = (defect?: DeadLetterDefect) =>
  deadLetterStoreConformance({ name: 'memory', create: async () => memoryDeadLetterPlace(defect) });

conformance(letters(), { describe, test });

describe('a broken dead-letter store is found by the promise that it breaks', () => {
  const AS_PUT = 'a letter is listed as it was put, and waits';
  const TWICE = 'an event is not put twice while its letter waits: newer cause, sum of attempts, old place';
  const IN_ORDER = 'ids grow, by length and then by code unit, and letters of a key are listed as they were put';
  const PARKED = 'a request for a letter of a parked key asks for the earlier ones too';
  const NOT_PARKED = 'the earlier ones of a parked key are asked for whether they are parked themselves or not';
  const EDITED = 'an event that is put again after its letter was edited has that letter, whatever was edited';
  const TRAIL = 'all that was done with a letter is in its audit trail, by whom and when';
  const REPLAY_FAILED = 'a replay that failed makes the letter wait, with its cause and all its attempts';
  const FILTER = 'of a filter, all that is given must hold';
  const PARKED_KEYS = 'a key is parked while a parked letter of it waits or is requested';
  const PRUNED = 'a letter is kept until it is pruned, with its audit trail';
  test.each<[DeadLetterDefect, string]>([
    ['loses one', IN_ORDER],
    ['repeats one', IN_ORDER],
    ['puts the good half', 'put is all or nothing'],
    ['puts an event twice', TWICE],
    ['puts an event twice', 'of many that put the same event at once there is one letter'],
    ['puts a repeated one last', TWICE],
    ['keeps the first cause', TWICE],
    ['turns events into JSON', 'bytes, dates, bigints and unchanged values of an event come back as such'],
    ['loses the original bytes', AS_PUT],
    ['park order lost', PARKED],
    ['park order lost for what is not parked', NOT_PARKED],
    ['takes ids of two sources for one', 'events of two sources are two, also where their ids are the same'],
    ['takes an edited event for another', EDITED],
    ['limit counts what is done with', 'the limit of a request or a discard counts letters that it can change'],
    ['requests later ones too', PARKED],
    ['requests what is done with', 'a request asks for letters that wait, and counts those that it asked for'],
    ['edits any letter', 'a letter that does not wait cannot be edited'],
    ['edit takes the new id', 'an edit replaces the event of a letter that waits; ids and place stay'],
    ['resolves any letter', 'an answer for a letter that is not requested changes nothing'],
    ['forgets attempts of a failed replay', REPLAY_FAILED],
    ['adds up noted attempts', 'attempts are noted for each event, per pipeline and sink, and forgotten with 0'],
    ['discards only what waits', 'a discard gives up letters that wait or are requested, and counts them'],
    ['no trail of requests', TRAIL],
    ['trail without names', TRAIL],
    ['parked keys forget requested ones', PARKED_KEYS],
    ['parked keys for ever', PARKED_KEYS],
    ['prunes what waits', PRUNED],
    ['prunes everything that is old enough or not', PRUNED],
    ['keys as properties', 'holds what a database refuses: any key, and NUL in data and messages'],
    ['ids as text', '100 letters are listed where no limit is given, and the next after the last of them'],
    ['ignores the limit', FILTER],
    ['ignores the sink', FILTER],
    ['gone when reopened', 'letters, audit trails and attempts outlast the store object'],
  ])('%s', (defect, name) => expectBroken(letters(defect), name));
});

test('a dead-letter store that leaks on close is found', () => {
  const suite = deadLetterStoreConformance({
    name: 'leaks',
    create: async () => leaking('store', memoryDeadLetterPlace()),
  });
  return expectBroken(suite, 'a closed store leaves nothing open');
}, 20_000);
