import { request } from 'node:http';

/** What a service answered. `body` is the parsed JSON, where it is JSON. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers freely
  readonly body: any;
}

/** How to call. */
export interface CallOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** As JSON, or a text as it is. */
  readonly body?: unknown;
  /** Address of this machine to call from: another one is another client. */
  readonly from?: string;
}

/** One call, on a connection of its own. */
export function call(method: string, url: string, options: CallOptions = {}): Promise<Answer> {
  const { body, from, headers = {} } = options;
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const sent =
    text === undefined ? {} : { 'content-type': 'application/json', 'content-length': `${Buffer.byteLength(text)}` };
  return new Promise((resolve, reject) => {
    const calling = request(
      url,
      {
        method,
        agent: false,
        headers: { ...sent, ...headers },
        timeout: 60_000,
        ...(from ? { localAddress: from } : {}),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => {
          const read = Buffer.concat(chunks).toString();
          const told = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
          resolve({
            status: response.statusCode ?? 0,
            headers: Object.fromEntries(told),
            text: read,
            body: json(read),
          });
        });
      },
    );
    calling.once('error', reject);
    calling.once('timeout', () => calling.destroy(new Error(`no answer of ${method} ${url} in a minute`)));
    calling.end(text);
  });
}

export const get = (url: string, options?: CallOptions) => call('GET', url, options);
export const post = (url: string, body: unknown, options?: CallOptions) => call('POST', url, { ...options, body });
export const patch = (url: string, body: unknown, headers?: Readonly<Record<string, string>>) =>
  call('PATCH', url, headers ? { body, headers } : { body });
export const remove = (url: string) => call('DELETE', url);

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not JSON: the tests look at the text
  }
}
