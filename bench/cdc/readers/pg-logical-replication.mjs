// pg-logical-replication as it is shipped: its pgoutput plugin, its own acknowledging, an event at a time to a listener.
import { LogicalReplicationService, PgoutputPlugin } from 'pg-logical-replication';
import { job, report } from '../../measure/contender.mjs';
import { measured } from '../../measure/usage.mjs';

const { url, slot, publication, events } = job();
const service = new LogicalReplicationService({ connectionString: url });
const plugin = new PgoutputPlugin({ protoVersion: 1, publicationNames: [publication] });
let seen = 0;

const usage = await measured(
  () =>
    new Promise((resolve, reject) => {
      service.on('error', reject);
      service.on('data', (_lsn, message) => {
        if (message.tag !== 'insert') return;
        seen += 1;
        if (seen === events) resolve();
      });
      service.subscribe(plugin, slot).catch(reject);
    }),
);
report({ ...usage, events: seen });
