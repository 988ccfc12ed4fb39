import { fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from 'vitest';
import { ServerReflection as V1 } from '../src/generated/grpc/reflection/v1/reflection_pb.js';
import { ServerReflection as V1Alpha } from '../src/generated/grpc/reflection/v1alpha/reflection_pb.js';
import { grpcClient } from '../src/index.js';
import { all, rejection, workplace } from './support/workshop.js';

describe.each([
  ['v1', V1],
  ['v1alpha', V1Alpha],
] as const)('reflection %s', (_, Reflection) => {
  async function ask(...questions: { readonly case: string; readonly value: unknown }[]) {
    const { port } = await workplace({}, { server: { reflection: true } });
    await using client = grpcClient(Reflection as typeof V1, { address: `127.0.0.1:${port}` });
    async function* requests() {
      for (const messageRequest of questions) yield { host: 'here', messageRequest: messageRequest as never };
    }
    return await all(client.serverReflectionInfo(requests()));
  }

  test('names every service', async () => {
    const [answer] = await ask({ case: 'listServices', value: '' });
    expect(answer?.validHost).toBe('here');
    expect(answer?.originalRequest?.messageRequest.case).toBe('listServices');
    expect(answer?.messageResponse).toMatchObject({
      case: 'listServicesResponse',
      value: {
        service: [
          { name: 'grpc.health.v1.Health' },
          { name: 'grpc.reflection.v1.ServerReflection' },
          { name: 'grpc.reflection.v1alpha.ServerReflection' },
          { name: 'workshop.Workshop' },
        ],
      },
    });
  });

  test('gives the file of a service, a method, a message, a field, and a file by its name', async () => {
    const symbols = ['workshop.Workshop', 'workshop.Workshop.Echo', 'workshop.Text', 'workshop.Text.padding'];
    const questions = symbols.map((value) => ({ case: 'fileContainingSymbol', value }));
    const answers = await ask(...questions, { case: 'fileByFilename', value: 'workshop.proto' });
    expect(answers).toHaveLength(5);
    for (const { messageResponse } of answers) {
      if (messageResponse.case !== 'fileDescriptorResponse') throw new Error(`it was ${messageResponse.case}`);
      const [bytes = new Uint8Array()] = messageResponse.value.fileDescriptorProto;
      expect(fromBinary(FileDescriptorProtoSchema, bytes).service[0]?.name).toBe('Workshop');
    }
  });

  test('says what it does not know', async () => {
    const answers = await ask(
      { case: 'fileContainingSymbol', value: 'no.Such' },
      { case: 'allExtensionNumbersOfType', value: 'workshop.Text' },
      { case: undefined as never, value: undefined },
    );
    const codes = answers.map(({ messageResponse: { case: kind, value } }) =>
      kind === 'errorResponse' ? value.errorCode : kind,
    );
    expect(codes).toEqual([5, 5, 3]);
  });
});

test('a server does not describe itself unless it is told to', async () => {
  const { port } = await workplace();
  await using client = grpcClient(V1, { address: `127.0.0.1:${port}` });
  async function* requests() {
    yield {};
  }
  expect(await rejection(all(client.serverReflectionInfo(requests())))).toMatchObject({ code: 'GRPC_UNIMPLEMENTED' });
});
