import type { Version } from './version.js';

/** Names and values that travel with an event; names are lower case. */
export type Headers = Readonly<Record<string, string>>;

const NO_HEADERS: Headers = Object.freeze({});

/**
 * What an event knows of its origin, computed only when it is read.
 *
 * One object serves many events (all those of a table within one transaction, say): each method is given the event's
 * `ordinal` and the `record` that the source put into the envelope, and answers from them. So an envelope allocates nothing
 * for an id or a key that nobody asks for.
 *
 * Every answer is the same each time and on each redelivery of the event.
 */
export interface EventOrigin {
  /** CloudEvents `source`: a URI-reference of where events of this origin come from. */
  readonly source: string;
  /** CloudEvents `type`. */
  type(ordinal: number, record: unknown): string;
  /** CloudEvents `id`: unique within `source`, the same on redelivery. */
  id(ordinal: number, record: unknown): string;
  /** The text of the key, see {@link keyOf}; `undefined` for an event without one. Events of one key stay in order. */
  key(ordinal: number, record: unknown): string | undefined;
  /** When it happened. */
  time(ordinal: number, record: unknown): Date;
  version(ordinal: number, record: unknown): Version;
  headers(ordinal: number, record: unknown): Headers;
}

/** What {@link Envelope.with} may replace besides the data. Headers are added to those that are there. */
export interface EnvelopeOverrides {
  readonly key?: string;
  /**
   * The key that the row had before, when this change gave it another. Follows an event that deletes it, in the same batch:
   * a sink that can move a row (and so keep the values that are `UNCHANGED`) does that instead of deleting it.
   */
  readonly previousKey?: string;
  readonly type?: string;
  readonly headers?: Headers;
  /** Appended to the id as `#suffix`. Needed when one event becomes several. */
  readonly idSuffix?: string;
}

/** The JSON form of an envelope, named as CloudEvents 1.0 names its attributes; extensions are `key`, `epoch`, `version`. */
export interface EnvelopeJson {
  readonly specversion: '1.0';
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly time: string;
  readonly key?: string;
  readonly epoch: string;
  readonly version: string;
  readonly headers: Headers;
  readonly data: unknown;
}

/**
 * An event: data, and what is known of its origin.
 *
 * `data` is null when the row, document or key that the event is about was deleted: so in every package.
 * The id, the key, the time and the version are computed when they are read, and are the same on redelivery.
 * Whatever an envelope holds owns its bytes: it may be kept for as long as one likes.
 */
export class Envelope<T> {
  readonly data: T | null;
  /** Shared by many events. */
  readonly origin: EventOrigin;
  /** The event's number, for the origin. */
  readonly ordinal: number;
  /** What the source read, for the origin; mapping does not change it. */
  readonly record: unknown;
  readonly overrides: EnvelopeOverrides | undefined;

  constructor(
    data: T | null,
    origin: EventOrigin,
    ordinal: number,
    record: unknown = data,
    overrides: EnvelopeOverrides | undefined = undefined,
  ) {
    this.data = data;
    this.origin = origin;
    this.ordinal = ordinal;
    this.record = record;
    this.overrides = overrides;
  }

  get id(): string {
    const id = this.origin.id(this.ordinal, this.record);
    return this.overrides?.idSuffix === undefined ? id : `${id}#${this.overrides.idSuffix}`;
  }

  get type(): string {
    return this.overrides?.type ?? this.origin.type(this.ordinal, this.record);
  }

  get source(): string {
    return this.origin.source;
  }

  get key(): string | undefined {
    return this.overrides?.key ?? this.origin.key(this.ordinal, this.record);
  }

  /** The key that the row had before, when this change gave it another; see {@link EnvelopeOverrides.previousKey}. */
  get previousKey(): string | undefined {
    return this.overrides?.previousKey;
  }

  get time(): Date {
    return this.origin.time(this.ordinal, this.record);
  }

  get version(): Version {
    return this.origin.version(this.ordinal, this.record);
  }

  get headers(): Headers {
    const headers = this.origin.headers(this.ordinal, this.record) ?? NO_HEADERS;
    return this.overrides?.headers === undefined ? headers : { ...headers, ...this.overrides.headers };
  }

  /** The same event with other data. Allocates the envelope and nothing else, unless something is overridden too. */
  with<U>(data: U | null, overrides?: EnvelopeOverrides): Envelope<U> {
    return new Envelope<U>(data, this.origin, this.ordinal, this.record, joinOverrides(this.overrides, overrides));
  }

  /** Complete: every attribute, in the JSON format of CloudEvents 1.0. A bigint within the data becomes a string. */
  toJSON(): EnvelopeJson {
    const { key, version } = this;
    return {
      specversion: '1.0',
      id: this.id,
      type: this.type,
      source: this.source,
      time: this.time.toISOString(),
      ...(key === undefined ? {} : { key }),
      epoch: version.epoch,
      version: version.value.toString(),
      headers: this.headers,
      data: jsonSafe(this.data),
    };
  }
}

function joinOverrides(
  old: EnvelopeOverrides | undefined,
  added: EnvelopeOverrides | undefined,
): EnvelopeOverrides | undefined {
  if (added === undefined || old === undefined) return added ?? old;
  const headers = old.headers && added.headers ? { ...old.headers, ...added.headers } : (added.headers ?? old.headers);
  const idSuffix = [old.idSuffix, added.idSuffix].filter((part) => part !== undefined).join('#');
  return { ...old, ...added, ...(headers ? { headers } : {}), ...(idSuffix ? { idSuffix } : {}) };
}

function jsonSafe(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return { base64: btoa(Array.from(value, (b) => String.fromCharCode(b)).join('')) };
  if (Array.isArray(value)) return value.map(jsonSafe);
  if (value === null || typeof value !== 'object' || 'toJSON' in value) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, jsonSafe(item)]));
}
