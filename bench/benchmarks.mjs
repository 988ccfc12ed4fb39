// Every benchmark by name, with its part of the usage text. Loaded when it is run: what it imports must be built first.

export const benchmarks = [
  {
    name: 'cdc',
    about: 'Drains a backlog of changes, beside other readers of Postgres',
    usage: `    --events N        Rows of the backlog. Default: 500000
    --workload LIST   A100, A1: 100 rows per transaction, or 1. Default: A100,A1`,
    load: async () => (await import('./cdc/bench.mjs')).runCdc,
  },
  {
    name: 'runtime',
    about: 'What a pipeline costs per event, beside loops, RxJS and Node streams',
    usage: `    --events N        Events of a run. Default: 5000000
    --batch LIST      Events of a batch. Default: 100,10`,
    load: async () => (await import('./runtime/bench.mjs')).runRuntime,
  },
  {
    name: 'runtime-memory',
    about: 'Whether the memory of a pipeline stays flat',
    usage: `    --events N        Events of a run. Default: 50000000
    --batch N         Events of a batch. Default: 100`,
    load: async () => (await import('./runtime/memory.mjs')).runMemory,
  },
  {
    name: 'runtime-pipelines',
    about: 'Pipelines side by side in one process: throughput, CPU and memory of each',
    usage: `    --events N        Events of a run, over all pipelines. Default: 5000000
    --batch N         Events of a batch. Default: 100
    --pipelines LIST  How many at once. Default: 1,10,100`,
    load: async () => (await import('./runtime/pipelines.mjs')).runPipelines,
  },
  {
    name: 'realtime',
    about: 'Fan-out to many sockets, beside ws and socket.io',
    usage: `    --deliveries N    Messages times clients of a run. Default: 1000000
    --workload LIST   F1, F4, F16: messages in a tick; C: 1,000 channels; S: 10 a second. Default: all`,
    load: async () => (await import('./realtime/bench.mjs')).runRealtime,
  },
  {
    name: 'grpc',
    about: 'What a unary call costs server and client, beside grpc-js as it comes',
    usage: `    --calls N         Calls of a run. Default: 200000
    --in-flight N     Calls at once. Default: 50`,
    load: async () => (await import('./grpc/bench.mjs')).runGrpc,
  },
];
