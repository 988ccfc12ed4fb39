export { type WaitForOptions, waitFor } from './wait/wait-for.js';
