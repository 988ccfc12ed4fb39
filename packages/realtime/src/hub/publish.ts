import { ComponentError } from '@sluice/contracts';
import type { ChannelIndex } from '../channel/channel-index.js';
import { encodeMessage } from '../frame/encode-message.js';
import { frameWith } from '../frame/numbered-frame.js';
import type { History } from '../history/history.js';

/** Options of `hub.publish`. */
export interface PublishOptions {
  /**
   * Where the message stands in its channels: a whole number from 1, larger than that of the message before in each of them; gaps are
   * fine. One that is not larger was published before, and is left out. Given when the history has a store or an epoch, left out
   * otherwise: the hub numbers its messages then.
   */
  readonly offset?: number | bigint | undefined;
  /** Not kept and without an offset, such as who is typing: only those get it who are connected and read. Default: false. */
  readonly volatile?: boolean;
}

/** Encodes a message once and puts it into its channels. */
export function publish(
  names: readonly string[],
  message: unknown,
  { offset, volatile = false }: PublishOptions,
  index: ChannelIndex,
  history: History | undefined,
): void {
  if (history === undefined && offset !== undefined) {
    throw new ComponentError('REALTIME_OFFSET_INVALID', 'a message has an offset, but the hub has no history');
  }
  let frame: Buffer | undefined;
  if (history === undefined || volatile) {
    for (const name of names) {
      index.publish(name, () => {
        frame ??= encodeMessage(message);
        return frame;
      });
    }
  } else {
    const number = history.number(offset);
    frame = frameWith(message, `"offset":${number}`, true);
    for (const name of names) index.publishNumbered(history, name, frame, number);
  }
}
