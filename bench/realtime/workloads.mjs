// What is measured, and what Sluice is to reach, as ratios to the others in the same run.
import { SOCKET_IO, WS } from './servers.mjs';

const fanOut = (perTick, ofWs, ofSocketIo) => ({
  about: `1,000 clients of one channel, ${perTick === 1 ? 'a message' : `${perTick} messages`} of 200 bytes in each tick`,
  kind: 'fan-out',
  channels: 1,
  perChannel: 1_000,
  perTick,
  atLeast: { [WS]: ofWs, [SOCKET_IO]: ofSocketIo },
});

export const workloads = {
  F1: fanOut(1, 1.1, 1.5),
  F4: fanOut(4, 3.5, 5),
  F16: fanOut(16, 12, 18),
  C: {
    about: '1,000 channels of 5 clients each, a message to every channel in each tick',
    kind: 'fan-out',
    channels: 1_000,
    perChannel: 5,
    perTick: 1,
    atLeast: { [WS]: 1.1 },
    idleAtMost: 1.25,
  },
  S: {
    about: '5,000 clients of one channel, 10 messages a second for 10 seconds',
    kind: 'steady',
    channels: 1,
    perChannel: 5_000,
    perSecond: 10,
    seconds: 10,
    p99AtMost: 0.85,
    idleAtMost: 1.25,
  },
};
