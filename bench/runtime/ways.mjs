// Every way to take events through three steps into memory, by name. The first is what the others are compared with.
import { streamsPerBatch, streamsPerEvent } from './ways/node-streams.mjs';
import { plainLoop } from './ways/plain-loop.mjs';
import { rxjsPerBatch, rxjsPerEvent } from './ways/rxjs.mjs';
import { sluice, sluiceWithOpenTelemetry, sluiceWithPrometheus } from './ways/sluice.mjs';

export const PLAIN = 'plain loop';
export const SLUICE = 'Sluice';

export const ways = {
  [PLAIN]: plainLoop,
  [SLUICE]: sluice,
  'Sluice, Prometheus': sluiceWithPrometheus,
  'Sluice, OpenTelemetry': sluiceWithOpenTelemetry,
  'RxJS, per batch': rxjsPerBatch,
  'RxJS, per event': rxjsPerEvent,
  'Node streams, per batch': streamsPerBatch,
  'Node streams, per event': streamsPerEvent,
};
