import type { HttpApp } from './http-service.js';

/** A service: what listens is up to whoever composes the services. */
export interface Service {
  /** As in logs and metrics: `document`. */
  readonly name: string;
  /** Ready to be asked; does not listen by itself. */
  readonly app: HttpApp;
  /** Finishes what is in flight, then lets go of what the service itself holds. Safe to call twice. */
  close(): Promise<void>;
}
