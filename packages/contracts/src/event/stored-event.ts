import { ComponentError, isComponentError } from '../failure/component-error.js';
import { Envelope, type EventOrigin, type Headers } from './envelope.js';
import { type Tagged, tagged, untagged } from './tagged-json.js';
import type { Version } from './version.js';

/** The form that is written now. */
const FORMAT = 1;

/** What {@link storedEvent} may be told. */
export interface StoredEventOptions {
  /** The most bytes of UTF-8 that the text may have. Default: 128 MiB. */
  readonly maxBytes?: number;
}

/**
 * An event as text, for a store: JSON that holds every attribute and the data without loss, see {@link tagged} for what comes back
 * otherwise. It has no character that Postgres refuses in a `text` column (U+0000 and lone surrogates are escaped), and says which
 * format it has, so that {@link restoredEvent} of a later version reads it.
 *
 * @throws ComponentError `EVENT_TOO_LARGE_TO_STORE`, `EVENT_NOT_STORABLE`
 */
export function storedEvent(event: Envelope<unknown>, options: StoredEventOptions = {}): string {
  const { maxBytes = 128 * 1024 * 1024 } = options;
  const { key, previousKey, time, version } = event;
  const text = JSON.stringify({
    format: FORMAT,
    id: event.id,
    type: event.type,
    source: event.source,
    ...(key === undefined ? {} : { key }),
    ...(previousKey === undefined ? {} : { previousKey }),
    time: tagged(time),
    epoch: version.epoch,
    version: version.value.toString(),
    headers: tagged(event.headers),
    data: tagged(event.data),
  } satisfies Stored);
  if (text.length * 3 > maxBytes) refuseAbove(maxBytes, utf8Length(text), event.id);
  return text;
}

/**
 * The event that {@link storedEvent} was given, with the same attributes and data.
 *
 * @throws ComponentError `EVENT_FORMAT` when the text is none of ours, or was written by a newer version.
 */
export function restoredEvent(text: string): Envelope<unknown> {
  try {
    const stored = JSON.parse(text) as Stored;
    if (stored.format !== FORMAT) {
      throw new ComponentError('EVENT_FORMAT', 'the stored event has another format than this version reads', {
        details: { format: typeof stored.format === 'number' ? stored.format : null, reads: FORMAT },
      });
    }
    const origin = new StoredOrigin(stored);
    const moved = stored.previousKey === undefined ? undefined : { previousKey: stored.previousKey };
    return new Envelope<unknown>(untagged(stored.data), origin, 0, undefined, moved);
  } catch (error) {
    if (isComponentError(error)) throw error;
    // What the parser says would quote the event.
    throw new ComponentError('EVENT_FORMAT', 'the text is not a stored event');
  }
}

interface Stored {
  readonly format: number;
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly key?: string;
  readonly previousKey?: string;
  readonly time: Tagged;
  readonly epoch: string;
  readonly version: string;
  readonly headers: Tagged;
  readonly data: Tagged;
}

/** What was stored of the event's origin. */
class StoredOrigin implements EventOrigin {
  readonly source: string;
  readonly #stored: Omit<Stored, 'data'>;
  readonly #time: Date;
  readonly #version: Version;
  readonly #headers: Headers;

  constructor({ data: _, ...stored }: Stored) {
    this.source = stored.source;
    this.#stored = stored;
    this.#time = untagged(stored.time) as Date;
    this.#version = { epoch: stored.epoch, value: BigInt(stored.version) };
    this.#headers = untagged(stored.headers) as Headers;
  }

  type(): string {
    return this.#stored.type;
  }

  id(): string {
    return this.#stored.id;
  }

  key(): string | undefined {
    return this.#stored.key;
  }

  time(): Date {
    return this.#time;
  }

  version(): Version {
    return this.#version;
  }

  headers(): Headers {
    return this.#headers;
  }
}

function refuseAbove(maxBytes: number, bytes: number, id: string): void {
  if (bytes <= maxBytes) return;
  throw new ComponentError('EVENT_TOO_LARGE_TO_STORE', `event ${id} takes ${bytes} bytes, of ${maxBytes} at most`, {
    details: { event: id, bytes, maxBytes },
  });
}

/** JSON text has no lone surrogates: every surrogate is half of a character of four bytes. */
function utf8Length(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit >= 0x80) bytes += unit >= 0x800 && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1;
  }
  return bytes;
}
