export { obtainService } from './obtain-service.js';
export {
  type PostgresService,
  type PostgresServiceOptions,
  postgresProvider,
  postgresService,
} from './postgres-service.js';
export { type RedisService, type RedisServiceOptions, redisProvider, redisService } from './redis-service.js';
export { type Service, type ServiceOptions, type ServiceProvider, type ServiceWay, Unavailable } from './service.js';
