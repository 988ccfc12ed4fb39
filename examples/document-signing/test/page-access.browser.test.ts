import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { application, dataFolder } from './support/application.js';
import { ada, grace, row, send, usePage } from './support/page.js';
import { samplePdf } from './support/sample-pdf.js';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const page = usePage();

/** What axe finds, as one line each. */
async function findings(window: Page, view: string): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await window.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const { violations } = (await window.evaluate('axe.run(document)')) as {
      violations: { id: string; nodes: { target: string[]; failureSummary: string }[] }[];
    };
    for (const { id, nodes } of violations) {
      for (const { target, failureSummary } of nodes)
        found.push(`${view}, ${colorScheme}: ${id} at ${target.join(' ')}: ${failureSummary}`);
    }
  }
  return found;
}

test('axe finds nothing on any view, light or dark', { timeout: 240_000 }, async () => {
  const { url } = await application(await dataFolder(), page.folder);
  const window = await page.open(url, { person: null });
  await window.context().addInitScript({ path: AXE });
  await window.reload();
  const found: string[] = [];
  const look = async (view: string) => found.push(...(await findings(window, view)));
  const go = async (query: string) => {
    await window.goto(`${url}/${query}`);
    await window.getByTestId('connection').getByText('Live', { exact: true }).waitFor();
  };

  await window.getByRole('dialog', { name: 'Welcome' }).waitFor();
  await look('welcome');
  await window.keyboard.press('Escape');
  await window.getByText('No documents yet').waitFor();
  await window.getByText('From a terminal').click();
  await look('no documents');

  const text = await send(`${url}/documents`, 'POST', { title: 'Lease', content: 'The rooms', created_by: ada.email });
  const pdf = await send(`${url}/documents`, 'POST', {
    title: 'Annex',
    content: samplePdf('Annex').toString('base64'),
    content_encoding: 'base64',
    content_type: 'application/pdf',
    created_by: grace.email,
  });
  for (const [title, status] of ['sent', 'viewed', 'signed', 'cancelled', 'archived'].entries()) {
    const made = await send(`${url}/documents`, 'POST', {
      title: `Deed ${title}`,
      content: 'x',
      created_by: grace.email,
    });
    await send(`${url}/documents/${made.id}`, 'PATCH', { status });
  }
  await window.getByRole('button', { name: /^archived 1/i }).waitFor();
  await look('list');
  await window.getByRole('button', { name: /^archived 1/i }).click();
  await look('filtered list');
  await go('?q=lease');
  await row(window, 'Lease').locator('mark').first().waitFor();
  await look('search');
  await go('?q=zzzz');
  await window.getByText('Nothing found for').waitFor();
  await look('nothing found');

  await go(`?document=${text.id}`);
  await window.getByText('The rooms').waitFor();
  await look('document');
  await window.getByRole('button', { name: 'Rename' }).click();
  await look('renaming');
  await window.keyboard.press('Escape');
  await window.getByRole('button', { name: 'More actions' }).click();
  await look('menu');
  await window.getByRole('menuitem', { name: 'Delete' }).click();
  await look('deleting');
  await window.keyboard.press('Escape');
  await window.keyboard.press('s');
  await window.locator('.draw[data-ready=true]').waitFor();
  await look('drawing');
  await window.getByRole('radio', { name: 'Type' }).check();
  await look('typing');
  await window.keyboard.press('Enter');
  await window.getByTestId('activity').getByText('to signed').waitFor();
  await look('signed document, with a notification');
  await window.keyboard.press('n');
  await look('creating');
  await window.keyboard.press('Escape');
  await window.keyboard.press('?');
  await look('shortcuts');

  await go(`?document=${pdf.id}`);
  await window.locator('[data-drawn=true]').waitFor();
  await look('PDF');
  await go('?document=00000000-0000-7000-8000-000000000000');
  await window.getByText('There is no such document').waitFor();
  await look('missing document');
  await window.context().setOffline(true);
  await window.getByText('You are offline.').waitFor();
  await look('offline');
  expect(found).toEqual([]);
});

test('everything can be done with the keyboard: create, sign, rename, change, search, delete', async () => {
  const { url } = await application(await dataFolder(), page.folder);
  const window = await page.open(url);
  const { keyboard } = window;
  const focused = () =>
    window.evaluate('document.activeElement.textContent || document.activeElement.id') as Promise<string>;

  await keyboard.press('n');
  await keyboard.type('Deed');
  await keyboard.press('Tab');
  await keyboard.type('I hereby give');
  for (const _ of ['file', 'cancel', 'create']) await keyboard.press('Tab');
  await keyboard.press('Enter');
  await window.getByRole('heading', { name: 'Deed' }).waitFor();

  await keyboard.press('s');
  await window.locator('.draw[data-ready=true]').waitFor();
  await keyboard.press('ArrowRight');
  await window.getByTestId('written').getByText(ada.name).waitFor();
  await keyboard.press('Enter');
  await window.getByTestId('activity').getByText('to signed').waitFor();
  await window.getByRole('img', { name: `Signature of ${ada.name}` }).waitFor();
  expect(await focused()).toBe('Deed');

  await window.getByRole('button', { name: 'Rename' }).press('Enter');
  await keyboard.type('Deed of gift');
  await keyboard.press('Enter');
  await window.getByRole('heading', { name: 'Deed of gift' }).waitFor();
  await window.getByRole('button', { name: 'More actions' }).press('Enter');
  await window.getByRole('menuitem', { name: 'Complete' }).waitFor();
  await keyboard.press('Enter');
  await window.getByTestId('status').getByText('completed').waitFor();
  expect(await window.evaluate('document.activeElement.ariaLabel')).toBe('More actions');

  await keyboard.press('Escape');
  await row(window, 'Deed of gift').waitFor();
  expect(await focused()).toBe('Deed of gift');
  await keyboard.press('/');
  await keyboard.type('gift');
  await window.getByTestId('count').getByText('1 found').waitFor();
  await keyboard.press('ArrowDown');
  await keyboard.press('Enter');
  await window.getByRole('heading', { name: 'Deed of gift' }).waitFor();

  await window.getByRole('button', { name: 'More actions' }).press('Enter');
  await keyboard.press('ArrowUp');
  await keyboard.press('Enter');
  await window.getByRole('dialog', { name: 'Delete this document?' }).waitFor();
  await keyboard.press('Escape');
  await window.getByRole('dialog').waitFor({ state: 'hidden' });
  await window.getByRole('button', { name: 'More actions' }).press('Enter');
  await keyboard.press('ArrowUp');
  await keyboard.press('Enter');
  await keyboard.press('Tab');
  await keyboard.press('Enter');
  await window.getByText('Nothing found for “gift”').waitFor();
});

test('single keys do nothing once they are switched off', async () => {
  const { url } = await application(await dataFolder(), page.folder);
  const window = await page.open(url);
  await window.keyboard.press('?');
  await window.getByLabel('Use single keys as shortcuts').press('Space');
  await window.keyboard.press('Escape');
  await window.keyboard.press('n');
  await window.keyboard.press('?');
  expect(await window.getByRole('dialog').count()).toBe(0);
});

test('it fits a phone: no view is wider than 360 pixels', async () => {
  const { url } = await application(await dataFolder(), page.folder);
  const window = await page.open(url, { width: 360, height: 740 });
  const fits = async () => expect(await window.evaluate('document.documentElement.scrollWidth')).toBe(360);
  await window.getByText('No documents yet').waitFor();
  await fits();
  const made = [];
  for (const title of ['Lease', 'x'.repeat(255), `Agreement ${'with all of its subsidiaries '.repeat(6)}`]) {
    const content = `${'y'.repeat(300)} ${title}`;
    made.push(await send(`${url}/documents`, 'POST', { title, content, created_by: `${'a'.repeat(60)}@example.com` }));
  }
  await row(window, 'Lease').waitFor();
  await fits();
  await window.getByRole('button', { name: 'Filters' }).click();
  await window.getByRole('button', { name: /^created \d/i }).waitFor();
  await fits();
  for (const { id } of made) {
    await window.goto(`${url}/?document=${id}`);
    await window.getByTestId('text').waitFor();
    await fits();
    await window.keyboard.press('s');
    await window.locator('.draw[data-ready=true]').waitFor();
    await fits();
  }
});

test('the theme follows the machine until it is chosen, and the choice stays', async () => {
  const { url } = await application(await dataFolder(), page.folder);
  const window = await page.open(url, { dark: true });
  const scheme = () => window.evaluate('getComputedStyle(document.documentElement).colorScheme');
  expect(await scheme()).toBe('light dark');
  await window.getByRole('button', { name: 'Theme: system. Switch to light' }).click();
  expect(await scheme()).toBe('light');
  await window.reload();
  expect(await scheme()).toBe('light');
  await window.getByRole('button', { name: 'Theme: light. Switch to dark' }).click();
  expect(await scheme()).toBe('dark');
});
