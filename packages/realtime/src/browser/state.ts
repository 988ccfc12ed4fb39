/** What a page can tell its user about the connection. */
export type ConnectionState =
  /** Trying now; `attempt` counts from 1 since the last time it was open. */
  | { readonly status: 'connecting'; readonly attempt: number }
  /**
   * Live. `reconnected`: it was open before. `recovered`: what was missed since then comes now, in every channel; when it is false after a
   * loss, something may be missing: load again.
   */
  | { readonly status: 'open'; readonly reconnected: boolean; readonly recovered: boolean }
  /** Not connected; the next try is at `retryAt` (milliseconds since the epoch), after so many that failed. */
  | { readonly status: 'waiting'; readonly retryAt: number; readonly attempt: number; readonly code: number }
  /** Over: `close()` was called, or the server said that trying again is of no use (`code` 1008). */
  | { readonly status: 'closed'; readonly code: number };
