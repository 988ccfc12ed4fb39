import { ComponentError, refuseUnknownOptions } from '@sluice/contracts';
import type { RouteBuffer } from './backlog.js';

/** Options of a route. */
export interface RouteOptions {
  /** How far the branches may be apart; a branch that is further ahead waits for the others. */
  readonly buffer?: RouteBuffer;
}

/** Fills in the defaults. Throws `OPTIONS_INVALID`, naming the option. */
export function routeBuffer(options: RouteOptions): Required<RouteBuffer> {
  refuseUnknownOptions('route', options, ['buffer']);
  refuseUnknownOptions('route.buffer', options.buffer ?? {}, ['bytes', 'batches']);
  const buffer = { bytes: 4 * 1024 * 1024, batches: 256, ...options.buffer };
  for (const [name, value] of Object.entries(buffer)) {
    if (Number.isFinite(value) && value >= 1) continue;
    throw new ComponentError('OPTIONS_INVALID', `\`route.buffer.${name}\` must be a finite number of at least 1`, {
      details: { option: `route.buffer.${name}` },
    });
  }
  return buffer;
}
