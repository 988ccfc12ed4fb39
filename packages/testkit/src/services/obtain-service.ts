import { ComponentError } from '@sluice/contracts';
import { type Service, type ServiceOptions, type ServiceProvider, type ServiceWay, Unavailable } from './service.js';

/**
 * Gets a service in the first of the ways that can be gone, and says which.
 *
 * @throws ComponentError `TEST_SERVICE_MISSING` with the reason of each way, `OPTIONS_INVALID` for an unknown way, and what
 * the provider throws.
 */
export async function obtainService<S extends Service>(
  provider: ServiceProvider<S>,
  { ways = waysOf(process.env['SLUICE_TEST_SERVICES']), notice = () => undefined }: ServiceOptions = {},
): Promise<S> {
  const reasons: string[] = [];
  for (const way of ways) {
    const found = await go(provider, way);
    if (!(found instanceof Unavailable)) {
      notice([`${provider.name}: ${found.origin}`, ...reasons].join('; '));
      return found;
    }
    reasons.push(`not by ${way}: ${found.reason}`);
  }
  throw new ComponentError('TEST_SERVICE_MISSING', `${provider.name}: ${reasons.join('; ') || 'no way is allowed'}`);
}

function go<S extends Service>(provider: ServiceProvider<S>, way: ServiceWay): Promise<S | Unavailable> {
  switch (way) {
    case 'url':
      return provider.fromUrl(process.env);
    case 'docker':
      return provider.fromDocker();
    case 'recipe':
      return provider.fromRecipe();
    default:
      throw new ComponentError('OPTIONS_INVALID', `ways: ${ALL.join(', ')} are known, not ${String(way)}`);
  }
}

const ALL: readonly ServiceWay[] = ['url', 'docker', 'recipe'];

function waysOf(setting: string | undefined): readonly ServiceWay[] {
  return setting ? (setting.split(',').map((way) => way.trim()) as ServiceWay[]) : ALL;
}
