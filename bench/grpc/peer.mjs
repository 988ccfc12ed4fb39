// The side that is not measured: grpc-js as it comes, whatever the other side is.
import { job } from '../measure/contender.mjs';
import { callers, servers } from './ways.mjs';

const { side, port, inFlight } = job();
process.once('disconnect', () => process.exit());
if (side === 'answering') process.send({ port: await servers['grpc-js']() });
else {
  const call = callers['grpc-js'](port);
  process.on('message', async ({ count }) => {
    let left = count;
    const one = async () => {
      while (left > 0) {
        left -= 1;
        await call();
      }
    };
    await Promise.all(Array.from({ length: inFlight }, one));
    process.send('done');
  });
}
