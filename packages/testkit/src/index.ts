export { assertSettled, type InFlightReport } from './leak/assert-settled.js';
export { type NoLeaksOptions, type ResourceTracker, trackResources } from './leak/track-resources.js';
export { type MemoryObjectsOptions, memoryObjects } from './memory/memory-objects.js';
export { type MemorySearchOptions, memorySearch } from './memory/memory-search.js';
export { type UntilOptions, type VirtualTime, type VirtualTimeOptions, virtualTime } from './time/virtual-time.js';
export { type WaitForOptions, waitFor } from './wait/wait-for.js';
