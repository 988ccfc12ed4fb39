export { useDatabase } from './use-database.js';
