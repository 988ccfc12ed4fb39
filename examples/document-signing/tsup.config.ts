import { library } from '../../tsup.config.base.ts';

export default library(
  { main: 'src/main.ts', load: 'load/main.ts' },
  {
    dts: false,
    platform: 'node',
    target: 'node20',
    external: ['autocannon', 'asciichart', 'cli-table3', 'hdr-histogram-js', 'ws'],
  },
);
