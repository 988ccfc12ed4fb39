import type { Hub } from '@sluice/realtime';
import { Gauge, type Registry } from 'prom-client';

/** The hub's counts as metrics, read when they are asked for. */
export function measureHub(hub: Hub, registry: Registry): void {
  const now = { connections: 'Open connections', channels: 'Channels that somebody follows' } as const;
  const since = {
    published: 'Messages published since the start',
    sent: 'Messages handed to clients since the start',
    dropped: 'Messages for clients that were too slow, since the start',
    received: 'Messages of clients since the start',
    refused: 'Handshakes answered with an error since the start',
  } as const;
  for (const [name, help] of Object.entries({ ...now, ...since })) {
    new Gauge({
      name: `realtime_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(hub.stats()[name as keyof typeof now | keyof typeof since]);
      },
    });
  }
}
