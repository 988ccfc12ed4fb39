import { library } from '../../tsup.config.base.ts';

export default library({
  index: 'src/index.ts',
  postgres: 'src/postgres/index.ts',
  conformance: 'src/conformance/index.ts',
  proxy: 'src/proxy/index.ts',
  services: 'src/services/index.ts',
  'redis-setup': 'src/services/redis-setup.ts',
  'vitest-setup': 'src/postgres/vitest-setup.ts',
  vitest: 'src/vitest/index.ts',
});
