import { status } from '@grpc/grpc-js';

/** The name of a gRPC status other than OK. */
export type FailureStatus =
  | 'CANCELLED'
  | 'UNKNOWN'
  | 'INVALID_ARGUMENT'
  | 'DEADLINE_EXCEEDED'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'PERMISSION_DENIED'
  | 'RESOURCE_EXHAUSTED'
  | 'FAILED_PRECONDITION'
  | 'ABORTED'
  | 'OUT_OF_RANGE'
  | 'UNIMPLEMENTED'
  | 'INTERNAL'
  | 'UNAVAILABLE'
  | 'DATA_LOSS'
  | 'UNAUTHENTICATED';

/** The name of a gRPC status (gRPC, "Status codes and their use in gRPC"). */
export type GrpcStatus = 'OK' | FailureStatus;

/** The name of a status by its number; `UNKNOWN` for a number that gRPC does not have. */
export function statusName(code: number): GrpcStatus {
  return (status[code] as GrpcStatus | undefined) ?? 'UNKNOWN';
}

/** The number of a status. */
export function statusCode(name: GrpcStatus): number {
  return status[name];
}
