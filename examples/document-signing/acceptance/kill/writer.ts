import { randomInt } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type Answer, type CallOptions, call } from '../client/http.js';
import { newWord } from '../client/samples.js';
import type { UnderTest } from '../system.js';
import type { Entry, Ledger } from './ledger.js';

/** Between two requests of a client, in milliseconds. */
const THINK_MS = 60;
/** After a request that nobody answered, in milliseconds: the system is down. */
const DOWN_MS = 300;
/** Documents that a client works on at a time. */
const OPEN = 4;

/** Makes, reads, changes, signs and deletes documents of its own until the signal, and keeps the books of what was acknowledged. */
export async function write(system: UnderTest, ledger: Ledger, number: number, signal: AbortSignal): Promise<void> {
  const open: Entry[] = [];
  const from = process.platform === 'linux' ? `127.0.1.${number + 1}` : undefined;

  /** The answer; undefined when nobody knows what became of the request. */
  async function ask(method: string, path: string, body?: unknown): Promise<Answer | undefined> {
    const options: CallOptions = { ...(body === undefined ? {} : { body }), ...(from ? { from } : {}) };
    try {
      const answer = await call(method, `${system().gateway}${path}`, options);
      if (answer.status >= 500) throw new Error(String(answer.status));
      ledger.acknowledged += 1;
      return answer;
    } catch (error) {
      // Killed before, while or after it was done; or not ready. Who could not connect has not asked.
      if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') ledger.inDoubt += 1;
      await pause(DOWN_MS);
      return undefined;
    }
  }

  async function create(): Promise<void> {
    const title = `lease ${newWord()} of client ${number}`;
    const body = { title, content: `between ${newWord()}`, created_by: `client${number}@example.com` };
    const answer = await ask('POST', '/documents', body);
    if (answer === undefined) ledger.doubtfulTitles.add(title);
    else open.push(ledger.created(mustBe(answer, 201).body.id, title));
  }

  async function rename(entry: Entry): Promise<void> {
    const title = `lease ${newWord()} of client ${number}`;
    const answer = await ask('PATCH', `/documents/${entry.id}`, { title });
    if (answer === undefined) entry.titles.push(title);
    else {
      entry.titles = [title];
      entry.version = mustBe(answer, 200).body.version;
    }
  }

  async function sign(entry: Entry): Promise<void> {
    const signer_email = `${newWord()}@example.com`;
    const body = { document_id: entry.id, signer_email, signer_name: 'Grace Hopper', document_status: 'pending' };
    const answer = await ask('POST', '/signatures', body);
    if (answer === undefined) entry.doubtfulSigners.add(signer_email);
    else entry.signatures.add(mustBe(answer, 201).body.id);
  }

  async function view(entry: Entry): Promise<void> {
    const answer = await ask('GET', `/documents/${entry.id}`);
    if (answer === undefined) entry.doubtfulViews += 1;
    else {
      mustBe(answer, 200);
      entry.views += 1;
    }
  }

  async function remove(entry: Entry): Promise<void> {
    open.splice(open.indexOf(entry), 1);
    const answer = await ask('DELETE', `/documents/${entry.id}`);
    if (answer !== undefined) mustBe(answer, 204);
    entry.deleted = answer === undefined ? 'in doubt' : 'yes';
  }

  while (!signal.aborted) {
    const entry = open[randomInt(OPEN)];
    if (entry === undefined) await create();
    else {
      const kind = randomInt(100);
      if (kind < 30) await rename(entry);
      else if (kind < 50) await sign(entry);
      else if (kind < 90) await view(entry);
      else await remove(entry);
      if (entry.signatures.size >= 3 && entry.deleted === 'no') open.splice(open.indexOf(entry), 1);
    }
    await pause(randomInt(2 * THINK_MS));
  }
}

function mustBe(answer: Answer, status: number): Answer {
  if (answer.status === status) return answer;
  throw new Error(`expected ${status}, found ${answer.status}: ${answer.text.slice(0, 500)}`);
}
