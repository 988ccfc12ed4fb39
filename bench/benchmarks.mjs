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
    --batch LIST      Events of a batch. Default: 100,10
    --memory          Sluice alone, printing its memory as it goes`,
    load: async () => (await import('./runtime/bench.mjs')).runRuntime,
  },
];
