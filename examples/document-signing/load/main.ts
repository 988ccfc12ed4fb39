import { HELP, type LoadPlan, readPlan } from './arguments.js';
import { watchConsumption } from './consumption.js';
import { print } from './report.js';
import { startSystem } from './system.js';
import { letUsersWork } from './users.js';
import { Watchers } from './watchers.js';

/** Documents that users sign and browsers follow. */
const DOCUMENTS = 500;

const say = (line: string) => void process.stdout.write(`${line}\n`);

/** The command behind `npm run load`: users and browsers on a whole system, and what they saw. */
async function main(): Promise<void> {
  const plan = readPlan(process.argv.slice(2));
  if (plan === 'help') return say(HELP);
  if (plan.url !== undefined) return say(await load(plan.url, plan, undefined));
  say('Starting a system on an empty folder…');
  await using system = await startSystem();
  say(await load(system.url, plan, system.pid));
}

async function load(url: string, plan: LoadPlan, pid: number | undefined): Promise<string> {
  say(`Making ${DOCUMENTS} documents…`);
  const documents = await makeDocuments(url);
  const token = plan.sockets === 0 ? '' : await tokenOf(url);
  const watchers = new Watchers();
  try {
    say(`Opening ${plan.sockets} sockets…`);
    await watchers.open(url, plan, documents, token);
    watchers.begin();
    const consumption = await watchConsumption(pid);
    let before = 0;
    const users = await letUsersWork(url, plan, documents, (answered) => {
      say(`  ${answered - before} requests/s`);
      before = answered;
    });
    return print({ plan, users, watchers: watchers.report(), consumption: await consumption?.() });
  } finally {
    watchers.close();
  }
}

async function makeDocuments(url: string): Promise<string[]> {
  const ids: string[] = [];
  for (let first = 0; first < DOCUMENTS; first += 20) {
    const made = Array.from({ length: 20 }, async (_, index) => {
      const body = { title: `Agreement ${first + index}`, content: 'Between …', created_by: 'load@example.com' };
      const document = await post<{ id: string }>(`${url}/documents`, body);
      return document.id;
    });
    ids.push(...(await Promise.all(made)));
  }
  return ids;
}

async function tokenOf(url: string): Promise<string> {
  const response = await fetch(`${url}/auth/token?user_id=load&email=load@example.com`);
  if (!response.ok) throw new Error(`no token: ${response.status} ${await response.text()}`);
  return ((await response.json()) as { access_token: string }).access_token;
}

async function post<T>(url: string, body: unknown): Promise<T> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
