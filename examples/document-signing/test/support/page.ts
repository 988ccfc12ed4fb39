import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';

const EXECUTABLE = process.env['SLUICE_CHROMIUM'] ?? '/usr/bin/chromium';
const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const CONFIG = fileURLToPath(new URL('../../vite.config.ts', import.meta.url));

/** Somebody who uses the page. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly email: string;
}

export const ada: Person = { id: 'ada', name: 'Ada Lovelace', email: 'ada@example.com' };
export const grace: Person = { id: 'grace', name: 'Grace Hopper', email: 'grace@example.com' };

export interface OpenOptions {
  /** Default: Ada; `null` is somebody who was never here. */
  readonly person?: Person | null;
  readonly width?: number;
  readonly height?: number;
  readonly dark?: boolean;
  /** Default: waits until the page is live. */
  readonly live?: boolean;
}

/** Builds the page, and gives how to open it in a real browser, for the tests of one file. */
export function usePage() {
  let browser: Browser | undefined;
  let folder = '';
  beforeAll(async () => {
    if (!existsSync(EXECUTABLE))
      throw new Error(`no Chromium at ${EXECUTABLE}: install it, or name it in SLUICE_CHROMIUM`);
    folder = await mkdtemp(join(tmpdir(), 'document-signing-page-'));
    await build({ configFile: CONFIG, logLevel: 'error', build: { outDir: folder } });
    browser = await chromium.launch({ executablePath: EXECUTABLE, args: ARGUMENTS });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    if (folder !== '') await rm(folder, { recursive: true, force: true });
  });

  return {
    /** The folder of the built page. */
    get folder() {
      return folder;
    },
    /** Opens it in a window of its own. No script of it may fail, and nothing may be against its policy, while the test lasts. */
    async open(url: string, options: OpenOptions = {}): Promise<Page> {
      const { person = ada, width = 1280, height = 860, dark = false, live = true } = options;
      const context = await (browser as Browser).newContext({
        viewport: { width, height },
        colorScheme: dark ? 'dark' : 'light',
      });
      // A loaded machine may be slow, and nothing here is about speed.
      context.setDefaultTimeout(60_000);
      if (person !== null) {
        const profile = JSON.stringify(person);
        await context.addInitScript(`localStorage.setItem('profile', ${JSON.stringify(profile)})`);
      }
      const page = await context.newPage();
      const errors: string[] = [];
      page.on('pageerror', (error) => errors.push(error.message));
      page.on('console', (message) => {
        if (/Content Security Policy/.test(message.text())) errors.push(message.text());
      });
      onTestFinished(async () => {
        await context.close();
        expect(errors).toEqual([]);
      });
      await page.goto(url);
      if (live) await connection(page, 'Live');
      return page;
    },
  };
}

/** Waits until the page says this of its connection. */
export const connection = (page: Page, word: 'Live' | 'Reconnecting' | 'Offline') =>
  page.getByTestId('connection').getByText(word, { exact: true }).waitFor();

/** The row of a document in the list. */
export const row = (page: Page, title: string) => page.locator('.row').filter({ hasText: title });

/** What the timeline tells, the newest first. */
export const activity = (page: Page) => page.getByTestId('activity').locator('li p').allInnerTexts();

/** Draws some strokes on the paper of the dialog, as a hand does. */
export async function draw(page: Page): Promise<void> {
  await page.locator('.draw[data-ready=true]').waitFor();
  const box = await page.locator('.pad canvas').boundingBox();
  if (box === null) throw new Error('there is no paper to draw on');
  for (const stroke of STROKES) {
    const [first, ...rest] = stroke.map(([x, y]) => [box.x + x * box.width, box.y + y * box.height] as const);
    await page.mouse.move(...(first ?? [0, 0]));
    await page.mouse.down();
    for (const point of rest) await page.mouse.move(...point, { steps: 3 });
    await page.mouse.up();
  }
}

/** An A with a flourish, in parts of the paper. */
const STROKES: readonly (readonly (readonly [x: number, y: number])[])[] = [
  curve((t) => [0.14 + 0.16 * t + 0.02 * Math.sin(6 * t), 0.76 - 0.58 * Math.sin((Math.PI / 2) * t)]),
  curve((t) => [0.3 + 0.07 * t, 0.18 + 0.58 * t ** 1.4]),
  curve((t) => [0.2 + 0.64 * t, 0.56 - 0.1 * t + 0.16 * (1 - t * 0.6) * Math.sin(17 * t)]),
];

function curve(at: (t: number) => readonly [number, number]) {
  return Array.from({ length: 25 }, (_, step) => at(step / 24));
}

/** Sends JSON as another program would. Rejects when it is refused. */
// biome-ignore lint/suspicious/noExplicitAny: tests read answers freely
export async function send(url: string, method: string, body?: unknown): Promise<any> {
  const response = await fetch(url, {
    method,
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${await response.text()}`);
  return response.status === 204 ? undefined : response.json();
}
