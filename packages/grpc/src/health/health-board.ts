import { HealthCheckResponse_ServingStatus as Serving } from '../generated/grpc/health/v1/health_pb.js';

/** Which services of a server serve, and who watches them. The empty name is the server as a whole. */
export class HealthBoard {
  private readonly states = new Map<string, Serving>();
  private readonly watchers = new Set<() => void>();
  private stopped = false;

  constructor(services: readonly string[]) {
    for (const name of ['', ...services]) this.states.set(name, Serving.SERVING);
  }

  /** Undefined for a service that the server does not have. */
  stateOf(service: string): Serving | undefined {
    return this.states.get(service);
  }

  /** False for a service that the server does not have. What is stopped stays so. */
  set(service: string, serving: boolean): boolean {
    if (!this.states.has(service)) return false;
    if (!this.stopped) this.change(service, serving ? Serving.SERVING : Serving.NOT_SERVING);
    return true;
  }

  /** Nothing serves any more, for good. */
  stop(): void {
    this.stopped = true;
    for (const service of this.states.keys()) this.change(service, Serving.NOT_SERVING);
  }

  /** Calls `look` after each change until the returned function is called. */
  watch(look: () => void): () => void {
    this.watchers.add(look);
    return () => this.watchers.delete(look);
  }

  private change(service: string, to: Serving): void {
    if (this.states.get(service) === to) return;
    this.states.set(service, to);
    for (const look of this.watchers) look();
  }
}
