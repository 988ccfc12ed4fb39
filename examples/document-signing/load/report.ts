import asciichart from 'asciichart';
import Table from 'cli-table3';
import { build, type Histogram } from 'hdr-histogram-js';
import type { LoadPlan } from './arguments.js';
import type { Consumption } from './consumption.js';
import { ACTIONS, type Second, type UserReport } from './users.js';
import type { WatcherReport } from './watchers.js';

/** All that was seen. */
export interface LoadReport {
  readonly plan: LoadPlan;
  readonly users: UserReport;
  readonly watchers: WatcherReport;
  readonly consumption: Consumption | undefined;
}

/** What is wanted of the system, with everything on one machine of two cores. */
const WANTED = { requestsPerSecond: 640, p99Ms: 100, toBrowserP99Ms: 50 };

/** Writes the report as text. */
export function print({ plan, users, watchers, consumption }: LoadReport): string {
  const seconds = Math.max(1, users.seconds.length);
  const total = build({ numberOfSignificantValueDigits: 3 });
  for (const action of ACTIONS) total.add(users.actions[action].latencies);
  const failures = ACTIONS.reduce((sum, action) => sum + users.actions[action].failures, users.unanswered);
  const perSecond = users.seconds.reduce((sum, { requests }) => sum + requests, 0) / seconds;

  const requests = new Table({ head: ['', 'requests', 'per s', 'p50 ms', 'p90 ms', 'p99 ms', 'max ms', 'failed'] });
  for (const action of ACTIONS) {
    const { latencies, failures: failed } = users.actions[action];
    requests.push([
      action,
      latencies.totalCount,
      (latencies.totalCount / plan.seconds).toFixed(0),
      ...times(latencies),
      failed,
    ]);
  }
  requests.push(['all', total.totalCount, perSecond.toFixed(0), ...times(total), failures]);

  const sockets = new Table({ head: ['sockets', 'open', 'messages', 'p50 ms', 'p90 ms', 'p99 ms', 'max ms', 'lost'] });
  sockets.push(['commit → browser', watchers.open, watchers.messages, ...times(watchers.latencies), watchers.lost]);

  const verdicts = [
    throughput(perSecond, plan),
    verdict(
      `p99 ${ms(total, 99)} ms`,
      total.getValueAtPercentile(99) <= WANTED.p99Ms * 1_000,
      `${WANTED.p99Ms} wanted`,
    ),
    verdict(`${failures} failures`, failures === 0, 'none wanted'),
    verdict(
      `commit → browser p99 ${ms(watchers.latencies, 99)} ms`,
      watchers.latencies.getValueAtPercentile(99) <= WANTED.toBrowserP99Ms * 1_000,
      `${WANTED.toBrowserP99Ms} wanted`,
    ),
  ];
  const wrong = [...users.wrong].map(([what, count]) => `  ${what}, ${count} times`);
  return [
    `${plan.users} users, ${plan.sockets} sockets, ${plan.seconds} s`,
    requests.toString(),
    ...(wrong.length > 0 ? ['Answers that should not have been:', ...wrong] : []),
    sockets.toString(),
    ...(consumption ? [spent(consumption, total.totalCount)] : []),
    '',
    'Requests per second',
    chart(users.seconds.map((second) => second.requests)),
    '',
    'p99 of each second, in ms',
    chart(users.seconds.map((second) => p99(second))),
    '',
    ...verdicts,
  ].join('\n');
}

const ms = (histogram: Histogram, percentile: number) =>
  (histogram.getValueAtPercentile(percentile) / 1_000).toFixed(1);

const times = (histogram: Histogram) => [50, 90, 99, 100].map((percentile) => ms(histogram, percentile));

const p99 = ({ latencies }: Second) => latencies.getValueAtPercentile(99) / 1_000;

const chart = (values: readonly number[]) => (values.length < 2 ? '' : asciichart.plot([...values], { height: 8 }));

const verdict = (what: string, reached: boolean, wanted: string) =>
  `${reached ? 'reached' : 'MISSED '}  ${what} (${wanted})`;

/** What the users did not offer, the system could not carry. */
export function throughput(perSecond: number, { users, rate }: Pick<LoadPlan, 'users' | 'rate'>): string {
  const what = `${perSecond.toFixed(0)} requests/s`;
  const wanted = WANTED.requestsPerSecond;
  if (users * rate < wanted)
    return `        ${what} (${wanted} wanted: not asked for, the users offer ${users * rate})`;
  return verdict(what, perSecond >= wanted, `${wanted} wanted`);
}

function spent({ own, children, peakMiB }: Consumption, requests: number): string {
  const perRequest = requests === 0 ? 0 : ((own + children) / requests) * 1_000;
  return (
    `CPU: ${own.toFixed(1)} s the system, ${children.toFixed(1)} s Postgres, ${perRequest.toFixed(2)} ms per request; ` +
    `memory of the system at most ${peakMiB.toFixed(0)} MiB`
  );
}
