import { Unavailable } from './service.js';

/** A container of one port. */
export interface ContainerRequest {
  /** The official name, with its tag. */
  readonly image: string;
  readonly port: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly command?: readonly string[];
  /** A line of its log that says it is nearly ready; whoever asked then tries from outside. */
  readonly readyLog: RegExp;
}

export interface Container {
  readonly host: string;
  /** Where its port is to be reached. */
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * Starts a container through testcontainers. Not to be had: without that package, without a daemon that answers, or when the
 * image can neither be found nor pulled.
 */
export async function startContainer(request: ContainerRequest): Promise<Container | Unavailable> {
  const library = await import('testcontainers').catch((error: unknown) => error as Error);
  if (library instanceof Error) return new Unavailable('the package testcontainers is not installed');
  const { GenericContainer, Wait, getContainerRuntimeClient } = library;
  const client = await getContainerRuntimeClient().catch((error: unknown) => error as Error);
  if (client instanceof Error) return new Unavailable('no Docker daemon answers: start one, or set DOCKER_HOST');
  try {
    const started = await new GenericContainer(request.image)
      .withEnvironment(request.env ?? {})
      .withCommand([...(request.command ?? [])])
      .withExposedPorts(request.port)
      .withWaitStrategy(Wait.forLogMessage(request.readyLog))
      .start();
    return {
      host: started.getHost(),
      port: started.getMappedPort(request.port),
      async stop() {
        await started.stop();
      },
    };
  } catch (error) {
    return new Unavailable(`Docker did not start ${request.image}: ${error instanceof Error ? error.message : error}`);
  }
}
