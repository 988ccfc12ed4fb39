// What the README of @sluice/grpc imports as its generated code.
export * from '../../../examples/document-signing/src/generated/document_pb.js';
