import { waitFor } from '@sluice/testkit';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import type { UnderTest } from '../system.js';
import { type Answer, get } from './http.js';
import { createDocument } from './samples.js';

/** A message of the realtime service. */
// biome-ignore lint/suspicious/noExplicitAny: tests read messages freely
export type Message = any;

/** How to connect. */
export interface FeedOptions {
  /** `/ws/{id}` or `/ws?channel=documents`. */
  readonly path: string;
  readonly offset?: number | string;
  /** Default: one of the token helper. `null`: none. */
  readonly token?: string | null;
  /** Default: in the address; `protocol`: in `Sec-WebSocket-Protocol`. */
  readonly by?: 'address' | 'protocol';
  /** Default: the gateway. */
  readonly at?: string;
  /** Of the page that connects. Default: none, as of a program. */
  readonly origin?: string;
}

/** A token of the helper. */
export async function token(system: UnderTest, user = 'ada'): Promise<string> {
  const asked = new URLSearchParams({ user_id: user, email: `${user}@example.com` });
  const { status, body, text } = await get(`${system().realtime}/auth/token?${asked}`);
  if (status !== 200) throw new Error(`the token helper answered ${status}: ${text}`);
  return body.access_token;
}

/** One connection, and all that it was told. */
export class Feed {
  readonly messages: Message[] = [];
  /** The code it was closed with, or the HTTP status that it was refused with. */
  readonly ended: Promise<number>;
  #end: number | undefined;
  readonly #socket: WebSocket;

  private constructor(url: string, protocols: readonly string[], origin: string | undefined) {
    this.#socket = new WebSocket(url, [...protocols], origin === undefined ? {} : { origin });
    this.#socket.on('message', (text) => this.messages.push(JSON.parse(text.toString())));
    this.ended = new Promise((resolve) => {
      const end = (code: number) => {
        this.#end ??= code;
        resolve(code);
      };
      this.#socket.once('unexpected-response', (_, response) => {
        end(response.statusCode ?? 0);
        response.destroy();
      });
      this.#socket.once('close', end);
      this.#socket.on('error', () => undefined); // `close` follows, with a code
    });
  }

  /** Connects; does not wait for an answer. */
  static async connect(system: UnderTest, options: FeedOptions): Promise<Feed> {
    const { path, offset, by = 'address', at = system().gateway } = options;
    const given = options.token === undefined ? await token(system) : options.token;
    const url = new URL(path, at.replace(/^http/, 'ws'));
    if (offset !== undefined) url.searchParams.set('offset', String(offset));
    if (given !== null && by === 'address') url.searchParams.set('token', given);
    const feed = new Feed(url.href, given !== null && by === 'protocol' ? ['bearer', given] : [], options.origin);
    onTestFinished(() => feed.close());
    return feed;
  }

  /** Connects, and waits for the first message. */
  static async open(system: UnderTest, options: FeedOptions): Promise<Feed> {
    const feed = await Feed.connect(system, options);
    await feed.until('the first message', (messages) => messages.length > 0);
    return feed;
  }

  /** Messages that tell of a change, in the order in which they came. */
  get events(): Message[] {
    return this.messages.filter(({ type }) => /^(document|signature)\./.test(type));
  }

  get types(): string[] {
    return this.events.map(({ type }) => type);
  }

  send(message: unknown): void {
    this.#socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** Waits until the messages are so. */
  async until(what: string, holds: (messages: readonly Message[]) => boolean, timeoutMs = 30_000): Promise<void> {
    try {
      await waitFor(() => holds(this.messages) || this.#end !== undefined, { what, timeoutMs });
    } catch (cause) {
      throw new Error(`${what} did not come; there came ${this.#told()}`, { cause });
    }
    if (!holds(this.messages))
      throw new Error(`the connection ended with ${this.#end} before ${what}; ${this.#told()}`);
  }

  #told(): string {
    return JSON.stringify(this.messages).slice(0, 2_000);
  }

  /** Waits for this many events. */
  count(events: number): Promise<void> {
    return this.until(`${events} events`, () => this.events.length >= events);
  }

  close(): void {
    this.#socket.terminate();
  }
}

/** Makes a document, and waits until its first event has been told: who connects now hears of what comes after. */
export async function createTold(system: UnderTest): Promise<Answer['body']> {
  const made = await createDocument(system);
  const feed = await Feed.open(system, { path: `/ws/${made.id}`, offset: 0 });
  await feed.count(1);
  feed.close();
  return made;
}
