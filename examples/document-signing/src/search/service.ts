import type { SearchIndex } from '@sluice/contracts';
import type { Registry } from 'prom-client';
import { httpService } from '../http/http-service.js';
import type { HttpLimits } from '../http/limits.js';
import type { Log } from '../http/log.js';
import type { Service } from '../http/service.js';
import { DocumentSearch } from './document-search.js';
import { searchRoutes } from './routes.js';

/** What the search service works with. Whoever gives a part closes it, after the service. */
export interface SearchServiceParts {
  /** Of documents, with `documentFields`; the processor fills it. */
  readonly index: SearchIndex;
  readonly log: Log;
  readonly registry?: Registry;
  /** Whose X-Forwarded-For is believed, addresses and networks. Default: nobody's. */
  readonly trustedProxies?: readonly string[];
  /** Names besides `localhost` and addresses under which it is reached. Default: none. */
  readonly allowedHosts?: readonly string[];
  readonly limits?: Partial<HttpLimits>;
}

/** Finds documents. It reads the index and nothing else. */
export async function searchService(parts: SearchServiceParts): Promise<Service> {
  const { index, log, registry, trustedProxies, allowedHosts, limits } = parts;
  const search = new DocumentSearch(index);
  const app = await httpService({
    name: 'search',
    description: 'Documents by their words',
    readiness: { search: () => search.answers() },
    log,
    ...(registry ? { registry } : {}),
    ...(trustedProxies ? { trustedProxies } : {}),
    ...(allowedHosts ? { allowedHosts } : {}),
    ...(limits ? { limits } : {}),
  });
  searchRoutes(app, search);
  await app.ready();
  let closing: Promise<unknown> | undefined;
  return {
    name: 'search',
    app,
    async close() {
      closing ??= app.close();
      await closing;
    },
  };
}
