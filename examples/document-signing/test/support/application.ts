import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { waitFor } from '@sluice/testkit';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { type Application, type ApplicationOptions, startApplication } from '../../src/application.js';
import { removeDataFolder } from '../../src/data-folder.js';
import { readSettings } from '../../src/settings/settings.js';

/** A folder for the data of one application, removed after the test. */
export async function dataFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'document-signing-'));
  const data = join(folder, 'data');
  onTestFinished(async () => {
    // A database whose program was killed takes a moment to notice.
    await waitFor(() => removeDataFolder(data).then(() => true), {
      what: 'the end of the database',
      timeoutMs: 30_000,
    });
    await rm(folder, { recursive: true, force: true });
  });
  return data;
}

const PAGE_SOURCE = fileURLToPath(new URL('../../page', import.meta.url));

/** The whole application in this process, with a database of its own; stopped after the test. */
export async function application(
  data: string,
  pageDirectory = PAGE_SOURCE,
  port = 0,
  more: Partial<ApplicationOptions> = {},
): Promise<Application> {
  const running = await startApplication({
    settings: readSettings({ env: {}, portBase: port }),
    data,
    say: () => undefined,
    pageDirectory,
    ...more,
  });
  onTestFinished(() => running.stop());
  return running;
}

/** A connection to the feed that keeps what it was told. */
export async function listen(url: string, path: string) {
  // biome-ignore lint/suspicious/noExplicitAny: tests read messages freely
  const messages: any[] = [];
  const socket = new WebSocket(`${url.replace('http', 'ws')}${path}`);
  onTestFinished(() => socket.terminate());
  socket.on('message', (text) => messages.push(JSON.parse(text.toString())));
  const status = await new Promise<number>((resolve, reject) => {
    socket.on('error', reject);
    socket.once('unexpected-response', (_, response) => resolve(response.statusCode ?? 0));
    socket.once('open', () => resolve(101));
  });
  return { status, messages, types: () => messages.map(({ type }) => type), socket };
}
