export { type FaultProxy, type FaultProxyOptions, faultProxy } from './fault-proxy.js';
export type { Faults } from './faults.js';
export type { ProxiedConnection } from './proxied-connection.js';
export type { ProxyDirection } from './proxy-direction.js';
