import { redisService } from './redis-service.js';

/** vitest `globalSetup`: gives the tests a Redis in SLUICE_TEST_REDIS_URL, one that is named there already or one that lives as long as the run. */
export default async function setup(): Promise<() => Promise<void>> {
  const service = await redisService({ notice: (message) => process.stdout.write(`${message}\n`) });
  const given = service.from === 'url';
  if (!given) process.env['SLUICE_TEST_REDIS_URL'] = service.url;
  return async () => {
    if (!given) delete process.env['SLUICE_TEST_REDIS_URL'];
    await service.stop();
  };
}
