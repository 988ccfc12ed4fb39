import { library } from '../../tsup.config.base.ts';

export default library({ main: 'src/main.ts' }, { dts: false, platform: 'node', target: 'node20' });
