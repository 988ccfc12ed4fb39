export { type DiskObjectsOptions, diskObjects } from './disk-objects.js';
