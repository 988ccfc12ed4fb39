// Many clients in a process of their own, as cheap as can be: bare sockets that count frames, and take times when asked to.
import { connect } from 'node:net';
import { FrameCounter } from './frame-counter.mjs';

/** Connections that are being made at once. */
const AT_ONCE = 100;

let received = 0;
let target = Number.POSITIVE_INFINITY;
let latencies;

process.on('message', async (order) => {
  if (order.open !== undefined) {
    await openAll(order.open);
    process.send({ opened: true });
  } else if (order.expect !== undefined) {
    received = 0;
    target = order.expect;
    latencies = order.latencies ? [] : undefined;
    process.send({ expecting: true });
  }
});
process.once('disconnect', () => process.exit(0));

async function openAll({ port, paths, greeting, welcomes }) {
  const waiting = [...paths];
  const worker = async () => {
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) await open(port, path, greeting, welcomes);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** Resolves when the client is connected and has its welcomes. */
function open(port, path, greeting, welcomes) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const counter = new FrameCounter((kind) => socket.write(kind === 'ws' ? PONG : maskedText('3')));
    let shaken = false;
    let early = 0;
    socket.setNoDelay(true);
    socket.on('error', ({ message }) => fail(message));
    socket.on('close', () => fail(`a client was closed on ${path.slice(0, 40)}`));
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    const ready = () => {
      if (early < welcomes) return;
      early = Number.POSITIVE_INFINITY;
      resolve();
    };
    socket.on('data', (chunk) => {
      let bytes = chunk;
      if (!shaken) {
        const end = bytes.indexOf('\r\n\r\n');
        if (!bytes.subarray(0, 12).equals(SWITCHING)) return fail(bytes.toString('latin1').split('\r\n')[0]);
        if (end < 0) return fail('a handshake came in pieces');
        shaken = true;
        bytes = bytes.subarray(end + 4);
        if (greeting !== undefined) socket.write(maskedText(greeting));
      }
      const frames = counter.count(bytes);
      if (early !== Number.POSITIVE_INFINITY) {
        early += frames;
        return ready();
      }
      if (latencies !== undefined) takeTimes(bytes);
      received += frames;
      if (received >= target) {
        target = Number.POSITIVE_INFINITY;
        process.send({ done: true, latencies });
      }
    });
  });
}

const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);
const SWITCHING = Buffer.from('HTTP/1.1 101');
const TIME = Buffer.from('"at":"');

/** What is missing would never arrive, so that the measurement would not end. */
function fail(why) {
  process.stderr.write(`${why}\n`);
  process.exit(1);
}

/** A message holds when it was published, by the clock that all processes share. */
function takeTimes(bytes) {
  for (let at = bytes.indexOf(TIME); at >= 0; at = bytes.indexOf(TIME, at + TIME.length)) {
    const start = at + TIME.length;
    const published = Number(bytes.latin1Slice(start, start + 16));
    if (published > 0) latencies.push(Number(process.hrtime.bigint() / 1_000n) - published);
  }
}

function maskedText(text) {
  return Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);
}
