import { type DescFile, type DescService, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';

/** The .proto files of some services, with all that they import, as their descriptors in bytes. */
export class DescribedFiles {
  private readonly files = new Map<string, DescFile>();
  private readonly symbols = new Map<string, DescFile>();

  constructor(services: readonly DescService[]) {
    for (const { file } of services) this.add(file);
  }

  /** A file and those that it imports, itself first; undefined when it is not among them. Names end in `.proto`. */
  named(name: string): Uint8Array[] | undefined {
    const file = this.files.get(name);
    return file === undefined ? undefined : withImports(file);
  }

  /** The file that has a service, method, message, field, enumeration or extension of this full name. */
  withSymbol(symbol: string): Uint8Array[] | undefined {
    const file = this.symbols.get(symbol.replace(/^\./, ''));
    return file === undefined ? undefined : withImports(file);
  }

  private add(file: DescFile): void {
    if (this.files.has(file.proto.name)) return;
    this.files.set(file.proto.name, file);
    for (const service of file.services) {
      this.symbols.set(service.typeName, file);
      for (const method of service.methods) this.symbols.set(`${service.typeName}.${method.name}`, file);
    }
    this.addMessages(file, file.messages);
    for (const { typeName } of [...file.enums, ...file.extensions]) this.symbols.set(typeName, file);
    for (const imported of file.dependencies) this.add(imported);
  }

  private addMessages(file: DescFile, messages: DescFile['messages']): void {
    for (const message of messages) {
      this.symbols.set(message.typeName, file);
      for (const field of message.fields) this.symbols.set(`${message.typeName}.${field.name}`, file);
      for (const { typeName } of message.nestedEnums) this.symbols.set(typeName, file);
      this.addMessages(file, message.nestedMessages);
    }
  }
}

function withImports(file: DescFile): Uint8Array[] {
  const seen = new Map<string, DescFile>();
  const add = (one: DescFile): void => {
    if (seen.has(one.proto.name)) return;
    seen.set(one.proto.name, one);
    for (const imported of one.dependencies) add(imported);
  };
  add(file);
  return [...seen.values()].map((one) => toBinary(FileDescriptorProtoSchema, one.proto));
}
