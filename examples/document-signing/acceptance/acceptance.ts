import { topics } from './changes/envelope.js';
import { tables } from './changes/tables.js';
import { changingDocuments } from './document/change.js';
import { creatingDocuments } from './document/create.js';
import { documentsByGrpc } from './document/grpc.js';
import { readingDocuments } from './document/read.js';
import { countingViews } from './document/views.js';
import { theFlow } from './flow.js';
import { oneOrigin } from './gateway/origin.js';
import { abuse } from './realtime/abuse.js';
import { realtime } from './realtime/socket.js';
import { tokens } from './realtime/tokens.js';
import { searching } from './search/find.js';
import { everyService } from './services.js';
import { signing } from './signature/sign.js';
import type { Known, UnderTest } from './system.js';

/** Every sentence of the specification as a test, on a system that is known by its addresses. */
export function acceptance(system: UnderTest, known: Known): void {
  theFlow(system);
  everyService(system);
  creatingDocuments(system);
  readingDocuments(system);
  changingDocuments(system);
  countingViews(system, known);
  documentsByGrpc(system);
  signing(system);
  searching(system);
  realtime(system);
  tokens(system, known);
  abuse(system);
  oneOrigin(system);
  if (known.database) {
    tables(system);
    topics(system);
  }
}
