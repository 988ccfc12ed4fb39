/** Where each service listens. */
export interface Ports {
  readonly gateway: number;
  readonly signature: number;
  readonly search: number;
  readonly realtime: number;
  readonly document: number;
  readonly documentGrpc: number;
}

const DEFAULTS: Ports = {
  gateway: 8000,
  signature: 8002,
  search: 8003,
  realtime: 8004,
  document: 8005,
  documentGrpc: 50_051,
};

/** The gateway's port; the others lie as far from it as by default. */
export const DEFAULT_PORT_BASE = DEFAULTS.gateway;

/** The largest base that leaves a port for every service. */
export const MAX_PORT_BASE = 65_535 - (Math.max(...Object.values(DEFAULTS)) - DEFAULT_PORT_BASE);

/** All ports, moved so that the gateway's is `base`. 0: the system chooses each. */
export function portsFrom(base: number): Ports {
  const moved = Object.entries(DEFAULTS).map(([name, port]) => [
    name,
    base === 0 ? 0 : port - DEFAULT_PORT_BASE + base,
  ]);
  return Object.fromEntries(moved) as Ports;
}
