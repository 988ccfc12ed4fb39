/** A request that did not do what was asked: `message` is a sentence for a person, `advice` what they can do about it. */
export class Problem extends Error {
  /** The status of the answer; 0 when there was none. */
  readonly status: number;
  readonly advice: string;

  constructor(status: number, message: string, advice: string) {
    super(message);
    this.status = status;
    this.advice = advice;
  }
}

export interface CallOptions {
  readonly body?: unknown;
  /** Refuses the change when the document has another version by now. */
  readonly version?: number;
  readonly signal?: AbortSignal | undefined;
  /** How long to wait for the answer, in milliseconds. Default: 15,000. */
  readonly timeoutMs?: number;
}

/** Resolves with the answer's body, and rejects with a {@link Problem}, or with an `AbortError` when `signal` ended it. */
export async function call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
  const response = await send(method, path, options);
  if (response.status === 204) return undefined as T;
  const answer: unknown = await response.json().catch(() => undefined); // what is no JSON has nothing to say
  if (!response.ok) throw problemOf(response, answer);
  return answer as T;
}

/** As {@link call}, for an answer that is text. */
export async function callText(path: string, signal?: AbortSignal): Promise<string> {
  const response = await send('GET', path, { signal });
  if (!response.ok) throw problemOf(response, undefined);
  return response.text();
}

/** What is said when a request got no answer at all. */
export const NO_ANSWER = 'The server does not answer.';

async function send(method: string, path: string, { body, version, signal, timeoutMs = 15_000 }: CallOptions) {
  const headers = new Headers();
  if (body !== undefined) headers.set('content-type', 'application/json');
  if (version !== undefined) headers.set('if-match', String(version));
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    return await fetch(path, {
      method,
      headers,
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    const nothingDone = method === 'GET' ? '' : 'Nothing is known to be saved. ';
    if (!navigator.onLine) throw new Problem(0, 'You are offline.', `${nothingDone}Try again when you are connected.`);
    throw new Problem(0, NO_ANSWER, `${nothingDone}Try again in a moment.`);
  }
}

function problemOf({ status, headers }: Response, answer: unknown): Problem {
  const { detail } = (answer ?? {}) as { detail?: unknown };
  if (status === 429) {
    const seconds = Number(headers.get('retry-after')) || 10;
    return new Problem(status, 'That was too many requests at once.', `Try again in ${seconds} seconds.`);
  }
  const [message, advice] = KNOWN[status] ?? ['', ''];
  return new Problem(status, sentence(detail) ?? (message || `The server answered ${status}.`), advice);
}

const KNOWN: Readonly<Record<number, readonly [message: string, advice: string]>> = {
  404: ['It is not there.', 'It may have been deleted.'],
  409: ['It cannot be done in this state.', ''],
  412: ['Somebody changed it at the same time.', 'Look at it again, then repeat.'],
  413: ['It is too large.', 'A document may have 10 MiB.'],
  422: ['Something in it is not valid.', ''],
  500: ['The server has a fault.', 'Try again; should it stay, tell those who run it.'],
  502: ['A part of the server does not answer.', 'Try again in a moment.'],
  503: ['A part of the server is not there.', 'Nothing was saved. Try again in a moment.'],
  504: ['A part of the server took too long.', 'Look whether it was done before you try again.'],
};

function sentence(detail: unknown): string | undefined {
  if (typeof detail === 'string') return detail.endsWith('.') ? detail : `${detail}.`;
  if (!Array.isArray(detail)) return undefined;
  return detail.map(({ loc, msg }: { loc: unknown[]; msg: string }) => `${String(loc.at(-1))}: ${msg}`).join('; ');
}
