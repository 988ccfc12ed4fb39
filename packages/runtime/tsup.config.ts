import { library } from '../../tsup.config.base.ts';

export default library({
  index: 'src/index.ts',
  prometheus: 'src/telemetry/prometheus/index.ts',
  opentelemetry: 'src/telemetry/opentelemetry/index.ts',
});
