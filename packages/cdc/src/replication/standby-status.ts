/**
 * What we tell the walsender, and when.
 *
 * - `flushed` is the end of the last commit whose every event is settled *and* checkpointed; never what was merely received,
 *   never one byte more: Postgres skips whatever lies below it after a crash.
 * - `received` is how far the stream has been read. It moves nothing on the server but its idea of our lag.
 * - A reply is due when asked for, and every second in any case, also while the reader is paused.
 *
 * Postgres 18, protocol-replication, "Standby status update".
 */
export class StandbyStatus {
  flushed: number;
  received: number;

  constructor(flushed: number) {
    this.flushed = flushed;
    this.received = flushed;
  }

  /** As a CopyData message; `ask` makes the server answer. */
  message(ask: boolean): Uint8Array {
    const message = Buffer.alloc(39);
    message[0] = 0x64; // CopyData
    message.writeInt32BE(38, 1);
    message[5] = 0x72; // r
    const flushed = BigInt(this.flushed);
    message.writeBigUInt64BE(BigInt(Math.max(this.received, this.flushed)), 6);
    message.writeBigUInt64BE(flushed, 14);
    message.writeBigUInt64BE(flushed, 22);
    message.writeBigInt64BE((BigInt(Date.now()) - 946_684_800_000n) * 1000n, 30);
    message[38] = ask ? 1 : 0;
    return message;
  }
}
