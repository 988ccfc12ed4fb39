import type { AckToken, Frame } from '@sluice/contracts';

/**
 * One token of a source for several branches: acked once all of them have, released as soon as one of them releases it (the
 * event then comes again for all).
 */
export function shareToken(token: AckToken, branches: number): () => AckToken {
  let open = branches;
  let over = false;
  const nothing = Promise.resolve();
  return () => {
    let acked = false;
    return {
      ack() {
        if (acked || over) return nothing;
        acked = true;
        open -= 1;
        if (open > 0) return nothing;
        over = true;
        return token.ack();
      },
      release(delayMs) {
        if (acked || over) return nothing;
        over = true;
        return token.release(delayMs);
      },
      extend: (forMs) => (over ? nothing : token.extend(forMs)),
    };
  };
}

/** Gives back the events of a frame that nobody takes. */
export function giveBack(frame: Frame<unknown>): void {
  if (frame.kind !== 'batch') return;
  for (const token of frame.tokens ?? []) {
    token.release(0).catch(() => 'it comes back by itself, when its time has passed');
  }
}
