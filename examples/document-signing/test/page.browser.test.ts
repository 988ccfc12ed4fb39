import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { application, dataFolder } from './support/application.js';
import { call } from './support/service.js';

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
const PAGE = fileURLToPath(new URL('../temp/page', import.meta.url));
const SCREENSHOTS = fileURLToPath(new URL('../temp', import.meta.url));
const lease = { title: 'Lease agreement', content: 'text', created_by: 'ada@example.com' };

let browser: Browser;
beforeAll(async () => {
  if (!existsSync(EXECUTABLE))
    throw new Error(`no Chromium at ${EXECUTABLE}: install it, or name it in SLUICE_CHROMIUM`);
  const configFile = fileURLToPath(new URL('../vite.config.ts', import.meta.url));
  await build({ configFile, logLevel: 'error', build: { outDir: PAGE } });
  browser = await chromium.launch({ executablePath: EXECUTABLE, args: ARGUMENTS });
});
afterAll(() => browser?.close());

/** A page whose script must not fail while the test lasts. */
async function open(url: string, width = 1100): Promise<Page> {
  const context = await browser.newContext({ viewport: { width, height: 900 } });
  const page = await context.newPage();
  const errors: Error[] = [];
  page.on('pageerror', (error) => errors.push(error));
  onTestFinished(async () => {
    await context.close();
    expect(errors).toEqual([]);
  });
  await page.goto(url);
  await page.getByText('Live', { exact: true }).waitFor();
  return page;
}

const row = (page: Page, title: string) => page.locator('.document').filter({ hasText: title });

test('what others do is seen without a reload: created, changed, removed', async () => {
  const { url } = await application(await dataFolder(), PAGE);
  const page = await open(url);
  await page.getByText('No documents yet').waitFor();

  const { body: made } = await call(`${url}/documents`, 'POST', lease);
  await row(page, 'Lease agreement').waitFor();
  await call(`${url}/documents/${made.id}`, 'PATCH', { status: 'signed' });
  await row(page, 'Lease agreement').getByText('version 2').waitFor();
  expect(await row(page, 'Lease agreement').getByTestId('status').inputValue()).toBe('signed');
  await call(`${url}/documents/${made.id}`, 'PATCH', { title: 'Lease, renewed' });
  await row(page, 'Lease, renewed').waitFor();
  await page.screenshot({ path: `${SCREENSHOTS}/page-light.png` });
  await call(`${url}/documents/${made.id}`, 'DELETE');
  await page.getByText('No documents yet').waitFor();
});

test('everything can be done with the keyboard: create, rename, change the status, delete', async () => {
  const { url } = await application(await dataFolder(), PAGE);
  const page = await open(url);
  await page.getByLabel('Title').focus();
  await page.keyboard.type('Deed');
  await page.keyboard.press('Tab');
  await page.keyboard.type('ada@example.com');
  await page.keyboard.press('Tab');
  await page.keyboard.type('I hereby');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByText('Created “Deed”.').waitFor();
  await row(page, 'Deed').waitFor();

  await row(page, 'Deed').getByRole('button', { name: 'Rename' }).press('Enter');
  await page.getByRole('textbox', { name: 'Title', exact: true }).nth(1).waitFor();
  expect(await row(page, 'ada@example.com').getByRole('button', { name: 'Rename' }).count()).toBe(0);
  await page.keyboard.type('Deed of gift');
  await page.keyboard.press('Enter');
  await row(page, 'Deed of gift').getByText('version 2').waitFor();
  expect(await page.evaluate('document.activeElement.textContent')).toBe('Rename');
  await page.getByLabel('Status of Deed of gift').selectOption('sent');
  await row(page, 'Deed of gift').getByText('version 3').waitFor();

  await row(page, 'Deed of gift').getByRole('button', { name: 'Delete' }).press('Enter');
  await page.getByText('Delete it?').waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Enter');
  await page.getByText('Delete it?').waitFor();
  await page.keyboard.press('Enter');
  await page.getByText('No documents yet').waitFor();
  await page.getByText('Created “Deed”.').waitFor({ state: 'hidden' });
});

test('while the server is away the page says so, and afterwards it is right without a reload', async () => {
  const data = await dataFolder();
  const first = await application(data, PAGE);
  const page = await open(first.url);
  await call(`${first.url}/documents`, 'POST', lease);
  await row(page, 'Lease agreement').waitFor();
  await first.stop();
  await page.getByText('Reconnecting', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Try now' }).waitFor();
  await page.screenshot({ path: `${SCREENSHOTS}/page-reconnecting.png` });

  const second = await application(data, PAGE, Number(new URL(first.url).port));
  await page.getByText('Live', { exact: true }).waitFor();
  await call(`${second.url}/documents`, 'POST', { ...lease, title: 'Made after' });
  await row(page, 'Made after').waitFor();
  await row(page, 'Lease agreement').waitFor();
  expect(await page.locator('.document').count()).toBe(2);
});

test('it fits a phone, in the dark as in the light', async () => {
  const { url } = await application(await dataFolder(), PAGE);
  const long = `Non-disclosure agreement ${'with all of its subsidiaries '.repeat(3)}`;
  for (const title of ['Lease agreement', long, 'x'.repeat(255)]) {
    await call(`${url}/documents`, 'POST', { ...lease, title });
  }
  const page = await open(url, 360);
  await row(page, 'Lease agreement').waitFor();
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: `${SCREENSHOTS}/phone-${colorScheme}.png`, fullPage: true });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
  }
});
