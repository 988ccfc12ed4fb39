import { fromBinary } from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import type { Metadata } from '@grpc/grpc-js';
import { type ErrorInfo, ErrorInfoSchema } from '../generated/google/rpc/error_details_pb.js';
import { StatusSchema } from '../generated/google/rpc/status_pb.js';

/** The trailer with a `google.rpc.Status`, as gRPC libraries of other languages know it too. */
export const DETAILS_TRAILER = 'grpc-status-details-bin';

/** The `domain` of our `google.rpc.ErrorInfo`: only then do the names below mean what we mean. */
export const DOMAIN = 'sluice';

/** In the info's metadata: the retry class. */
export const RETRY = 'sluice-retry';

/** In the info's metadata: what a person should do. */
export const ADVICE = 'sluice-advice';

/** The `google.rpc.ErrorInfo` among the trailers of a failed call; undefined when there is none that can be read. */
export function errorInfoOf(trailers: Metadata): ErrorInfo | undefined {
  const [bytes] = trailers.get(DETAILS_TRAILER);
  if (bytes === undefined || typeof bytes === 'string') return undefined;
  try {
    for (const detail of fromBinary(StatusSchema, bytes).details) {
      const info = anyUnpack(detail, ErrorInfoSchema);
      if (info !== undefined) return info;
    }
  } catch {
    // Not a google.rpc.Status: another server's own use of the trailer. The status itself says enough.
  }
  return undefined;
}
