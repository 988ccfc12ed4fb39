import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import { ComponentError } from '@sluice/contracts';

/**
 * A message, given whole or as its fields, in bytes.
 *
 * Throws `GRPC_MESSAGE_INVALID` when a value does not fit its field, and does not repeat the value.
 */
export function encode<M extends DescMessage>(schema: M, message: MessageInitShape<M>): Buffer {
  let bytes: Uint8Array;
  try {
    bytes = toBinary(schema, create(schema, message));
  } catch (cause) {
    const text = `the message does not fit ${schema.typeName}`;
    throw new ComponentError('GRPC_MESSAGE_INVALID', text, { cause, details: { message: schema.typeName } });
  }
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
