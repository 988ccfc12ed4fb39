import { describe, test } from 'vitest';
import { conformance, transportConformance } from '../src/conformance/index.js';
import { expectBroken } from './expect-broken.js';
import { brokenTransport, REFUSED, type TransportDefect } from './fixtures/broken-transport.js';
import type { QueueDefect } from './fixtures/memory-queue.js';
import { memoryQueueTransport } from './fixtures/memory-queue-transport.js';

const transport = (defect?: TransportDefect) =>
  transportConformance({
    name: 'memory',
    features: { ack: 'cumulative', orderedByKey: true, durable: true, groups: true },
    refusedTopics: [REFUSED],
    async create() {
      const timers = new Set<NodeJS.Timeout>();
      return {
        transport: brokenTransport(defect, timers),
        ...(defect ? { timeoutMs: 500 } : {}),
        async [Symbol.asyncDispose]() {
          for (const timer of timers) clearInterval(timer);
        },
      };
    },
  });

conformance(transport(), { describe, test });

describe('a broken transport is found by the promise that it breaks', () => {
  const ONCE = 'every event that was published arrives, and once';
  const RESOLVES = 'publish resolves when the transport has the events, so that a publisher may end';
  const HEADERS = 'headers are neither added to nor split by what is in them';
  const WHOLE = 'an event arrives with all that it says of itself';
  const TAKEN_OVER = 'what a member has not settled goes to another once it has ended, the same';
  test.each<[TransportDefect, string]>([
    ['loses one', ONCE],
    ['repeats one', ONCE],
    ['reorders', 'events of one key arrive in the order in which they were published'],
    ['confirms early', RESOLVES],
    ['buffers until it is closed', RESOLVES],
    ['turns deletions into nothing', 'a deletion arrives as one, and is not the same as no bytes'],
    ['drops headers', WHOLE],
    ['versions as numbers', WHOLE],
    ['headers as lines', HEADERS],
    ['keys as properties', 'any text is a key, a type, an id and the value of a header'],
    ['ignores the trace', 'the trace that is given with a publish is in the headers'],
    ['cuts at 32 kB', 'bytes of every value and of 50 kB arrive as they are'],
    ['a group of its own for each', 'members of one group share the events: each goes to one of them'],
    ['one group for all', 'each group gets all events'],
    ['mixes topics up', 'topics are kept apart, whatever their names have in common'],
    ['the first topic only', 'a subscription to several topics gets the events of each'],
    ['confirms what it delivers', TAKEN_OVER],
    ['new ids on redelivery', TAKEN_OVER],
    ['forgets what was confirmed', 'what a member has settled does not go to another'],
    ['loses what comes late', 'after it was closed, a publisher does not lose an event in silence'],
    ['swallows an error', 'what is no topic is refused by publish and by subscribe'],
    ['leaks on close', 'a closed publisher leaves nothing open'],
    ['gone after a restart', 'what was published is still there after a restart of everything'],
    ['new ids on redelivery', 'a subscription: delivers again, the same, what was not confirmed'],
  ])('%s', (defect, name) => expectBroken(transport(defect), name));
});

const queues = (defect?: QueueDefect) =>
  transportConformance({
    name: 'memory queues',
    features: { ack: 'individual', orderedByKey: true, durable: false, groups: true },
    subscription: { ack: 'individual', replayable: false, visibilityTimeoutMs: 1_000 },
    create: async () => memoryQueueTransport(defect),
  });

conformance(queues(), { describe, test: (name, run) => test(name, { timeout: 40_000 }, run) });

describe('a broken transport of single acks is found by the promise that it breaks', () => {
  test.each<[QueueDefect, string]>([
    ['loses one', 'every event that was published arrives, and once'],
    ['acks early', 'what a member has not settled goes to another once it has ended, the same'],
    ['acks nothing', 'what a member has settled does not go to another'],
    ['acks nothing', 'a subscription: an acknowledged event is not delivered again; the others are'],
  ])('%s', { timeout: 20_000 }, (defect, name) => expectBroken(queues(defect), name));
});
