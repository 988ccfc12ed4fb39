export { assertSettled, type InFlightReport } from './leak/assert-settled.js';
export { type NoLeaksOptions, type ResourceTracker, trackResources } from './leak/track-resources.js';
export { type WaitForOptions, waitFor } from './wait/wait-for.js';
