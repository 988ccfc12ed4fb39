/**
 * Name of a header: the origin's snapshot, which came before, may already contain this change.
 *
 * With the value `'true'`, a sink that finds nothing to change with the event lets it go, and calls nothing missing. With any
 * other value, or without the header, nothing follows from it. An event that is marked without need is applied as ever.
 */
export const SUPERSEDED = 'sluice-superseded';
