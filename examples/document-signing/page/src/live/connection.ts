import { computed, signal } from '@preact/signals';
import type { ConnectionState, RealtimeClient } from '@sluice/realtime/browser';

/** The feeds that are open now, by name, and how each of them is. */
const feeds = signal<ReadonlyMap<string, ConnectionState>>(new Map());
const clients = new Map<string, RealtimeClient>();

/** When everything on the page was last known to be live, in milliseconds since the epoch; 0 before the first time. */
export const lastLive = signal(0);

/** The worst of the feeds: the page is live only when all of it is. */
export const connection = computed<ConnectionState>(() => {
  const states = [...feeds.value.values()];
  return states.find(({ status }) => status !== 'open') ?? states[0] ?? { status: 'connecting', attempt: 1 };
});

export const isLive = computed(() => connection.value.status === 'open');

export function feedState(name: string, state: ConnectionState): void {
  if (isLive.peek()) lastLive.value = Date.now();
  feeds.value = new Map(feeds.peek()).set(name, state);
  if (isLive.peek()) lastLive.value = Date.now();
}

export function feedOpened(name: string, client: RealtimeClient): void {
  clients.set(name, client);
}

export function feedClosed(name: string): void {
  clients.get(name)?.close();
  clients.delete(name);
  const rest = new Map(feeds.peek());
  rest.delete(name);
  feeds.value = rest;
}

// The browser does not end what is open when the network goes: ask for a sign of life, so that the page says soon what is true.
addEventListener('offline', () => tryNow());

/** Tries every feed that is down at once, and asks the others for a sign of life. */
export function tryNow(): void {
  for (const client of clients.values()) client.wake();
}
