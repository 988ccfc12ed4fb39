/**
 * The partition of a key: murmur2 (seed 0x9747b28c) over its UTF-8 bytes, without the sign bit, modulo the number of
 * partitions. The same as the default partitioner of Kafka, so that the events of a key stay together when a topic
 * moves there.
 */
export function partitionOfKey(key: string, partitions: number): number {
  return partitions === 1 ? 0 : (murmur2(Buffer.from(key)) & 0x7fffffff) % partitions;
}

/** MurmurHash2, 32 bits, as `org.apache.kafka.common.utils.Utils.murmur2` computes it. Signed. */
export function murmur2(bytes: Buffer): number {
  const whole = bytes.length - (bytes.length % 4);
  let hash = 0x9747b28c ^ bytes.length;
  for (let at = 0; at < whole; at += 4) {
    let word = Math.imul(bytes.readInt32LE(at), FACTOR);
    word = Math.imul(word ^ (word >>> 24), FACTOR);
    hash = Math.imul(hash, FACTOR) ^ word;
  }
  for (let at = bytes.length - 1; at >= whole; at--) hash ^= (bytes[at] as number) << (8 * (at - whole));
  if (whole < bytes.length) hash = Math.imul(hash, FACTOR);
  hash = Math.imul(hash ^ (hash >>> 13), FACTOR);
  return hash ^ (hash >>> 15);
}

const FACTOR = 0x5bd1e995;
