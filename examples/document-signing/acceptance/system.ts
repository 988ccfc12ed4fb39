/** The system under test: addresses, and what a few of the tests need besides. */
export interface System {
  /** Base URLs, without a slash at the end. */
  readonly gateway: string;
  readonly document: string;
  readonly signature: string;
  readonly search: string;
  readonly realtime: string;
  /** `host:port` of the document service's gRPC. */
  readonly grpc: string;
  /** Of the Postgres of the system; without it, tests that look into tables and topics are left out. */
  readonly databaseUrl: string | undefined;
  /** Without it, tests that make tokens of their own are left out. */
  readonly jwtSecret: string | undefined;
}

/** Given to the tests, which ask when they run: a system may have to be started first. */
export type UnderTest = () => System;

/** What a system has, by which tests know whether they can run. */
export interface Known {
  readonly database: boolean;
  readonly jwtSecret: boolean;
  /** Whether it runs on this machine, so that a second address of the loopback is another client. */
  readonly local: boolean;
}
