import { Server } from 'node:net';

/** Ports that pages name may be taken on this machine: from now on servers get any that is free. Returns what ends that. */
export function anyPort(): () => void {
  const { listen } = Server.prototype;
  Server.prototype.listen = function (this: Server, first?: unknown, ...rest: unknown[]) {
    const any = typeof first === 'number' ? 0 : typeof first === 'object' && first ? { ...first, port: 0 } : first;
    return listen.apply(this, [any, ...rest] as never);
  } as typeof listen;
  return () => {
    Server.prototype.listen = listen;
  };
}
