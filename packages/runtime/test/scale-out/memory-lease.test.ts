import { conformance, leaseConformance } from '@sluice/testkit/conformance';
import { describe, test } from 'vitest';
import { memoryLease } from '../../src/index.js';

conformance(
  leaseConformance({
    name: 'memoryLease',
    volatile: 'it is gone with the process',
    async create() {
      let now = 0;
      const lease = memoryLease({ now: () => now });
      return {
        lease: () => lease,
        advance: (ms) => {
          now += ms;
        },
        async [Symbol.asyncDispose]() {},
      };
    },
  }),
  { describe, test },
);
