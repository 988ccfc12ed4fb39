import type { Sink } from '@sluice/contracts';
import { type Hub, type HubLimits, realtimeHub } from '@sluice/realtime';
import type { Pool } from 'pg';
import { Registry } from 'prom-client';
import { NotReady } from '../http/health.js';
import { httpService } from '../http/http-service.js';
import type { HttpLimits } from '../http/limits.js';
import type { Log } from '../http/log.js';
import type { Service } from '../http/service.js';
import { ActivityFeed } from './activity-feed.js';
import { activityHistory } from './activity-history.js';
import { activitySink } from './activity-sink.js';
import { ActivityTable } from './activity-table.js';
import { attachLiveFeed } from './live-feed.js';
import { measureHub } from './metrics.js';
import { realtimeRoutes } from './routes.js';
import type { RowChange } from './row-change.js';
import { type TokenHelper, tokenRoute } from './token-route.js';

/** What the realtime service works with. Whoever gives a part closes it, after the service. */
export interface RealtimeServiceParts {
  /** Connections to the database that `createRealtimeTables` was run on. */
  readonly pool: Pool;
  /** What tokens are signed with: at least 32 bytes. */
  readonly secret: string;
  readonly log: Log;
  readonly registry?: Registry;
  /** `GET /auth/token`. Default: `off`. */
  readonly tokenHelper?: TokenHelper;
  /** How long a token of `GET /auth/token` holds, in seconds. Default: 3,600. */
  readonly tokenLifetimeS?: number;
  /** Whose X-Forwarded-For is believed, addresses and networks. Default: nobody's. */
  readonly trustedProxies?: readonly string[];
  /** Pages of other origins that may connect. Default: none. */
  readonly allowedOrigins?: readonly string[];
  /** Names besides `localhost` and addresses under which it is reached. Default: none. */
  readonly allowedHosts?: readonly string[];
  readonly limits?: Partial<HttpLimits>;
  /** Of WebSockets. */
  readonly hubLimits?: HubLimits;
}

/** A realtime service, and where changes go in. */
export interface RealtimeService extends Service {
  readonly hub: Hub;
  /**
   * Takes the changes of `documents.documents` and `signatures.signatures`, in the order of their commits. Its pipeline is drained before
   * the service is closed.
   */
  readonly sink: Sink<RowChange>;
}

/** One address may be that of a gateway, one user that of a program with many windows. */
const HUB_LIMITS: HubLimits = { maxConnectionsPerAddress: 5_000, maxConnectionsPerIdentity: 2_000 };

/**
 * Tells clients what happens to documents, as it happens and from where they were.
 *
 * Throws a ComponentError `OPTIONS_INVALID` when the secret has less than 32 bytes.
 */
export async function realtimeService(parts: RealtimeServiceParts): Promise<RealtimeService> {
  const {
    pool,
    secret,
    registry = new Registry(),
    trustedProxies = [],
    allowedOrigins = [],
    allowedHosts = [],
  } = parts;
  const log = parts.log.child({ service: 'realtime' });
  const table = new ActivityTable(pool);
  const hub = realtimeHub({
    limits: { ...HUB_LIMITS, ...parts.hubLimits },
    history: {
      store: activityHistory(table),
      onError: (error) => log.error({ err: error }, 'the activity could not be read'),
    },
  });
  const feed = new ActivityFeed(table, hub);
  let closing: Promise<void> | undefined;
  const app = await httpService({
    name: 'realtime',
    description: 'What happens to documents, as it happens',
    readiness: {
      database: async () => void (await pool.query('SELECT 1')),
      feed: async () => {
        if (closing !== undefined) throw new NotReady('closing');
      },
    },
    registry,
    log: parts.log,
    trustedProxies,
    allowedHosts,
    ...(parts.limits ? { limits: parts.limits } : {}),
  });
  try {
    attachLiveFeed(app.server, hub, { secret, log, trustedProxies, allowedOrigins, allowedHosts });
    tokenRoute(app, parts.tokenHelper ?? 'off', secret, parts.tokenLifetimeS ?? 3_600);
    realtimeRoutes(app, hub, table);
    measureHub(hub, registry);
    await feed.start();
    await app.ready();
  } catch (error) {
    await hub.close();
    await app.close();
    throw error;
  }
  const close = async () => {
    await hub.close();
    await app.close();
  };
  return {
    name: 'realtime',
    app,
    hub,
    sink: activitySink({ pool, table, feed }),
    close() {
      closing ??= close();
      return closing;
    },
  };
}
