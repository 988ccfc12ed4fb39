import type { DescService } from '@bufbuild/protobuf';
import { ServerReflection as V1 } from '../generated/grpc/reflection/v1/reflection_pb.js';
import { ServerReflection as V1Alpha } from '../generated/grpc/reflection/v1alpha/reflection_pb.js';
import { type ImplementedService, implement } from '../service/implement.js';
import { statusCode } from '../status/status.js';
import { DescribedFiles } from './described-files.js';

/** The standard reflection service in both versions that clients ask for, over the descriptors that services were made of. */
export function reflectionServices(services: readonly DescService[]): ImplementedService[] {
  const described = [...services, V1, V1Alpha];
  const files = new DescribedFiles(described);
  const names = described.map(({ typeName }) => typeName).sort();
  async function* serverReflectionInfo<R extends Asked>(requests: AsyncIterable<R>) {
    for await (const request of requests) {
      const messageResponse = answer(request.messageRequest, files, names);
      yield { validHost: request.host, originalRequest: request, messageResponse };
    }
  }
  return [implement(V1, { serverReflectionInfo }), implement(V1Alpha, { serverReflectionInfo })];
}

/** What a request has in both versions. */
interface Asked {
  readonly host: string;
  readonly messageRequest: { readonly case: string | undefined; readonly value?: unknown };
}

function answer(asked: Asked['messageRequest'], files: DescribedFiles, names: readonly string[]) {
  switch (asked.case) {
    case 'listServices':
      return { case: 'listServicesResponse' as const, value: { service: names.map((name) => ({ name })) } };
    case 'fileByFilename':
      return fileAnswer(files.named(String(asked.value)));
    case 'fileContainingSymbol':
      return fileAnswer(files.withSymbol(String(asked.value)));
    case 'allExtensionNumbersOfType':
    case 'fileContainingExtension':
      return failed('NOT_FOUND', 'no extension is known');
    default:
      return failed('INVALID_ARGUMENT', 'nothing was asked');
  }
}

function fileAnswer(found: Uint8Array[] | undefined) {
  if (found === undefined) return failed('NOT_FOUND', 'no such file or symbol');
  return { case: 'fileDescriptorResponse' as const, value: { fileDescriptorProto: found } };
}

function failed(status: 'NOT_FOUND' | 'INVALID_ARGUMENT', errorMessage: string) {
  return { case: 'errorResponse' as const, value: { errorCode: statusCode(status), errorMessage } };
}
