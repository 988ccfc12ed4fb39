import {
  Health,
  type HealthCheckRequest,
  HealthCheckResponse_ServingStatus as Serving,
} from '../generated/grpc/health/v1/health_pb.js';
import { type ImplementedService, implement } from '../service/implement.js';
import type { ServerCall } from '../service/server-call.js';
import { StatusError } from '../status/status-error.js';
import type { HealthBoard } from './health-board.js';

/** The standard health service (gRPC, "Health checking protocol"), over what a board says. */
export function healthService(board: HealthBoard): ImplementedService {
  return implement(Health, {
    check({ service }: HealthCheckRequest) {
      const status = board.stateOf(service);
      if (status === undefined) throw new StatusError('NOT_FOUND', 'the server has no such service');
      return { status };
    },
    watch: (request, call) => states(board, request, call),
  });
}

/** What it is now, then each change. When the server drains, NOT_SERVING is the last: the stream would else hold it up. */
async function* states(board: HealthBoard, { service }: HealthCheckRequest, call: ServerCall) {
  let wake = (): void => {};
  const woken = () => wake();
  const forget = board.watch(woken);
  call.signal.addEventListener('abort', woken);
  call.draining.addEventListener('abort', woken);
  try {
    let sent: Serving | undefined;
    while (!call.signal.aborted) {
      const status = board.stateOf(service) ?? Serving.SERVICE_UNKNOWN;
      if (status !== sent) {
        sent = status;
        yield { status };
      } else if (call.draining.aborted) throw new StatusError('UNAVAILABLE', 'the server stops');
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    forget();
    call.draining.removeEventListener('abort', woken);
  }
}
