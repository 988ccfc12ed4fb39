import { query } from '../client/database.js';
import type { UnderTest } from '../system.js';
import type { Ledger } from './ledger.js';

/** What was acknowledged and is not there, or is there and nobody asked for it. Empty when all is well. */
export async function checkBooks(system: UnderTest, ledger: Ledger): Promise<string[]> {
  const wrong: string[] = [];
  const rows = await query(system, 'SELECT id::text, title, status::text, version FROM documents.documents');
  const signed = await query(system, 'SELECT id::text, document_id::text, signer_email FROM signatures.signatures');
  const byId = new Map(rows.map((row) => [row.id, row]));
  const ids = new Set(signed.map(({ id }) => id));

  for (const entry of ledger.entries) {
    const row = byId.get(entry.id);
    if (row === undefined) {
      if (entry.deleted === 'no') wrong.push(`document ${entry.id} was acknowledged and is gone`);
      continue;
    }
    if (entry.deleted === 'yes') wrong.push(`document ${entry.id} was deleted and is there`);
    if (row.version < entry.version)
      wrong.push(`document ${entry.id}: version ${row.version}, acknowledged ${entry.version}`);
    if (!entry.titles.includes(row.title)) wrong.push(`document ${entry.id}: a title that was overwritten`);
    for (const id of entry.signatures) if (!ids.has(id)) wrong.push(`signature ${id} was acknowledged and is gone`);
    const signatures = signed.filter(({ document_id }) => document_id === entry.id);
    if (signatures.length > 0 !== (row.status === 'signed')) {
      wrong.push(`document ${entry.id} is ${row.status}, with ${signatures.length} signatures`);
    }
    const unasked = signatures.filter(
      ({ id, signer_email }) => !entry.signatures.has(id) && !entry.doubtfulSigners.has(signer_email),
    );
    if (unasked.length > 0) wrong.push(`document ${entry.id} has signatures that nobody asked for`);
  }
  const known = new Set(ledger.entries.map(({ id }) => id));
  for (const { id, title } of rows) {
    if (!known.has(id) && !ledger.doubtfulTitles.has(title))
      wrong.push(`document ${id} is there, and nobody asked for it`);
  }
  return wrong;
}
