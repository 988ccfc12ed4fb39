import type { DescService } from '@bufbuild/protobuf';
import { ComponentError } from '@sluice/contracts';
import type { ServiceHandlers } from './handlers.js';

/** A service and what answers its calls, for {@link grpcServer}. */
export interface ImplementedService {
  readonly service: DescService;
  /** By the method's name in the generated code. */
  readonly handlers: ReadonlyMap<string, AnyHandler>;
}

/** A handler whose messages are known to its descriptor alone. */
export type AnyHandler = (request: unknown, call: unknown) => unknown;

/**
 * Joins a generated service with the functions that answer its calls. An instance of a class is fine too.
 *
 * Throws `OPTIONS_INVALID` when a method has no function.
 */
export function implement<S extends DescService>(service: S, handlers: ServiceHandlers<S>): ImplementedService {
  const given = handlers as Readonly<Record<string, AnyHandler | undefined>>;
  const found = new Map<string, AnyHandler>();
  for (const { localName, name } of service.methods) {
    const handler = given[localName];
    if (typeof handler !== 'function') {
      const message = `implement(${service.name}): \`${localName}\` must be a function that answers ${name}`;
      throw new ComponentError('OPTIONS_INVALID', message, { details: { option: localName } });
    }
    found.set(localName, handler.bind(handlers));
  }
  return { service, handlers: found };
}
