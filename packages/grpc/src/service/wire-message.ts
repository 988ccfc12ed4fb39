import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import { ComponentError } from '@sluice/contracts';
import { flatEncoder } from './flat-encoder.js';

/** Writes messages of one type, given whole or as their fields, as bytes. */
export type Encoder = (message: unknown) => Buffer;

/**
 * An encoder for messages of one type.
 *
 * It throws `GRPC_MESSAGE_INVALID` when a value does not fit its field, and does not repeat the value.
 */
export function encoder<M extends DescMessage>(schema: M): Encoder {
  const flat = flatEncoder(schema);
  return (message) => {
    try {
      return flat?.(message as Record<string, unknown>) ?? general(schema, message as MessageInitShape<M>);
    } catch (cause) {
      const text = `the message does not fit ${schema.typeName}`;
      throw new ComponentError('GRPC_MESSAGE_INVALID', text, { cause, details: { message: schema.typeName } });
    }
  };
}

function general<M extends DescMessage>(schema: M, message: MessageInitShape<M>): Buffer {
  const bytes = toBinary(schema, create(schema, message));
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Reads messages of one type from bytes. */
export function decoder<M extends DescMessage>(schema: M): (bytes: Uint8Array) => MessageShape<M> {
  return (bytes) => fromBinary(schema, bytes);
}

/** grpc-js is given bytes and hands them to the socket: what can fail in encoding fails before. */
export function asIs(bytes: Buffer): Buffer {
  return bytes;
}
