import autocannon from 'autocannon';
import { build, type Histogram } from 'hdr-histogram-js';
import type { LoadPlan } from './arguments.js';

export const ACTIONS = ['create', 'view', 'search', 'sign'] as const;
export type Action = (typeof ACTIONS)[number];

/** What became of the requests of one kind. */
export interface Outcome {
  /** Milliseconds, in microseconds. */
  readonly latencies: Histogram;
  failures: number;
}

/** One second of it. */
export interface Second {
  requests: number;
  readonly latencies: Histogram;
}

/** What the users have seen. */
export interface UserReport {
  readonly actions: Readonly<Record<Action, Outcome>>;
  readonly seconds: readonly Second[];
  /** Requests that were never answered. */
  readonly unanswered: number;
  /** A few answers that should not have been, as `action: status`. */
  readonly wrong: ReadonlyMap<string, number>;
}

/** Users do not all begin at the same moment: this many groups of them, spread over a second. */
const GROUPS = 20;

/** Lets users work on the documents for as long as planned. `progress` hears each second of how many requests were answered. */
export async function letUsersWork(
  url: string,
  { users, rate, seconds: duration }: LoadPlan,
  documents: readonly string[],
  progress: (answered: number) => void,
): Promise<UserReport> {
  const outcome = (): Outcome => ({ latencies: histogram(), failures: 0 });
  const actions = { create: outcome(), view: outcome(), search: outcome(), sign: outcome() };
  const seconds: Second[] = [];
  const wrong = new Map<string, number>();
  let unanswered = 0;
  let answered = 0;
  const begin = performance.now();
  const record = (action: Action, status: number, ms: number) => {
    answered += 1;
    const second = Math.floor((performance.now() - begin) / 1_000);
    while (seconds.length <= second) seconds.push({ requests: 0, latencies: histogram() });
    const now = seconds[second] as Second;
    now.requests += 1;
    now.latencies.recordValue(Math.max(1, Math.round(ms * 1_000)));
    actions[action].latencies.recordValue(Math.max(1, Math.round(ms * 1_000)));
    if (status >= 200 && status < 300) return;
    actions[action].failures += 1;
    const what = `${action}: ${status}`;
    wrong.set(what, (wrong.get(what) ?? 0) + 1);
  };
  const ticking = setInterval(() => progress(answered), 1_000);
  const groups = Math.min(GROUPS, users);
  const work = async (group: number) => {
    await new Promise((resolve) => setTimeout(resolve, (group * 1_000) / groups));
    const connections = Math.floor(users / groups) + (group < users % groups ? 1 : 0);
    let last: Action = 'create';
    const options: autocannon.Options = {
      url,
      connections,
      connectionRate: rate,
      duration,
      timeout: 30,
      requests: requestsOf(documents, (action) => {
        last = action;
      }),
    };
    await new Promise<void>((resolve, reject) => {
      const running = autocannon(options, (error) => (error ? reject(error) : resolve()));
      // `onResponse` of the request has been called right before.
      running.on('response', (_client, status, _bytes, ms) => record(last, status, ms));
      running.on('reqError', () => {
        unanswered += 1;
      });
    });
  };
  await Promise.all(Array.from({ length: groups }, (_, group) => work(group)));
  clearInterval(ticking);
  return { actions, seconds: seconds.slice(1, duration), unanswered, wrong };
}

const histogram = () => build({ numberOfSignificantValueDigits: 3 });
const json = { 'content-type': 'application/json' };
const WORDS = ['lease', 'agreement', 'contract', 'invoice', 'report', 'offer', 'protocol', 'statement'];
const word = () => WORDS[Math.floor(Math.random() * WORDS.length)] as string;

/** One round of a user's work: mostly looking, sometimes writing. */
function requestsOf(documents: readonly string[], done: (action: Action) => void): autocannon.Request[] {
  let signed = 0;
  const request = (
    action: Action,
    make: (context: { created?: string }) => Partial<autocannon.Request>,
    keep?: (body: string, context: { created?: string }) => void,
  ): autocannon.Request => ({
    setupRequest: (base, context) => ({ ...base, ...make(context) }),
    onResponse: (_status, body, context) => {
      done(action);
      keep?.(body, context);
    },
  });
  const any = () => documents[Math.floor(Math.random() * documents.length)] as string;
  const create = request(
    'create',
    () => ({
      method: 'POST',
      path: '/documents',
      headers: json,
      body: JSON.stringify({
        title: `${word()} ${word()} ${Math.floor(Math.random() * 1e6)}`,
        content: `Between the parties of this ${word()}, about the ${word()}.`,
        created_by: 'load@example.com',
      }),
    }),
    (body, context) => {
      const id = /"id":"([^"]+)"/.exec(body)?.[1];
      if (id !== undefined) context.created = id;
    },
  );
  const viewAny = request('view', () => ({ method: 'GET', path: `/documents/${any()}` }));
  const viewOwn = request('view', ({ created }) => ({ method: 'GET', path: `/documents/${created ?? any()}` }));
  const search = request('search', () => ({ method: 'GET', path: `/search?q=${word()}&size=10` }));
  const sign = request('sign', () => {
    signed += 1;
    const signer = `signer-${process.pid}-${signed}-${Math.floor(Math.random() * 1e9)}@example.com`;
    const signature = { document_id: any(), signer_email: signer, signer_name: 'A Signer', signature_data: 'signed' };
    return { method: 'POST', path: '/signatures', headers: json, body: JSON.stringify(signature) };
  });
  return [create, viewOwn, search, viewAny, sign, viewAny, search, viewAny, search, viewAny];
}
