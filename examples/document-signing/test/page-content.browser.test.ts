import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { application, dataFolder } from './support/application.js';
import { ada, connection, draw, row, send, usePage } from './support/page.js';
import { samplePdf } from './support/sample-pdf.js';

const page = usePage();
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';
const SCRIPT =
  '<script>parent.ran = globalThis.ran = true</script><img src=x onerror="parent.ran = globalThis.ran = true">';

test('a script in a content, a title or a name does not run, wherever it is shown', async () => {
  const { url } = await application(await dataFolder(), page.folder);
  const window = await page.open(url);
  const ran = () => window.evaluate('globalThis.ran === true');
  const html = { title: `Page ${SCRIPT}`, content: SCRIPT, content_type: 'text/html', created_by: ada.email };
  const made = await send(`${url}/documents`, 'POST', html);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>parent.ran = true</script></svg>`;
  const image = { title: 'Drawing', content: svg, content_type: 'image/svg+xml', created_by: ada.email };
  const drawing = await send(`${url}/documents`, 'POST', image);
  await send(`${url}/signatures`, 'POST', { document_id: made.id, signer_email: ada.email, signer_name: SCRIPT });

  await row(window, 'Page <script>').waitFor();
  await window.getByRole('searchbox').fill('parent');
  await window.locator('.snippet').getByText('onerror=').first().waitFor();
  expect(await window.locator('.row img, .row script').count()).toBe(0);
  await window.goto(`${url}/?document=${made.id}`);
  await window.getByTestId('text').getByText('<script>').waitFor();
  await window.getByTestId('signatures').getByText('<script>').first().waitFor();
  expect(await ran()).toBe(false);
  await window.goto(`${url}/?document=${drawing.id}`);
  await window.getByRole('img', { name: 'Drawing' }).waitFor();
  expect(await ran()).toBe(false);
  // Whoever opens the content itself gets it in a sandbox.
  const { headers } = await fetch(`${url}/documents/${made.id}/content`);
  expect(headers.get('content-security-policy')).toContain('sandbox');
});

test('a file that is dropped becomes a document: text, a PDF with its pages, an image', async () => {
  const { url } = await application(await dataFolder(), page.folder);
  const window = await page.open(url);
  await drop(window, 'notes.md', 'text/markdown', Buffer.from('# Notes, ünïcode'));
  await row(window, 'notes').waitFor();
  await drop(window, 'annex.pdf', 'application/pdf', samplePdf('Annex A: the rooms'));
  await drop(window, 'plan.png', 'image/png', Buffer.from(PIXEL, 'base64'));

  await row(window, 'plan').getByRole('link').click();
  const plan = window.getByRole('img', { name: 'plan' });
  await plan.waitFor();
  await expect
    .poll(() => plan.evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth))
    .toBe(1);
  await window.goBack();
  await row(window, 'annex').getByRole('link').click();
  await window.locator('[data-drawn=true]').waitFor();
  await window.getByTestId('pdf').getByText('Annex A: the rooms').waitFor({ state: 'attached' });
  await window.goBack();
  await row(window, 'notes').getByRole('link').click();
  await window.getByText('# Notes, ünïcode').waitFor();
});

test('what cannot be created is told with a reason, and a broken PDF with a way out', async () => {
  const { url } = await application(await dataFolder(), page.folder);
  const window = await page.open(url);
  await drop(window, 'huge.bin', 'application/octet-stream', Buffer.alloc(10 * 1_024 * 1_024 + 1));
  await window.getByText('“huge.bin” was not created. It is larger than 10 MiB.').waitFor();
  await drop(window, 'broken.pdf', 'application/pdf', Buffer.from('no PDF'));
  await row(window, 'broken').getByRole('link').click();
  await window.getByText('The content could not be shown.').waitFor();
  await window.getByRole('link', { name: 'Download' }).waitFor();
});

test('strokes are undone one by one, a signature needs one, and an empty paper says so', async () => {
  const { url } = await application(await dataFolder(), page.folder);
  const made = await send(`${url}/documents`, 'POST', { title: 'Deed', content: 'text', created_by: ada.email });
  const window = await page.open(`${url}/?document=${made.id}`);
  await window.keyboard.press('s');
  const dialog = window.getByRole('dialog');
  await draw(window);
  await dialog.getByText('3 strokes').waitFor();
  await dialog.getByRole('button', { name: 'Undo' }).click();
  await dialog.getByText('2 strokes').waitFor();
  await window.keyboard.press('Control+z');
  await dialog.getByText('1 stroke', { exact: true }).waitFor();
  await dialog.getByRole('button', { name: 'Clear' }).click();
  await dialog.getByText('Nothing drawn').waitFor();
  await dialog.getByRole('button', { name: 'Sign', exact: true }).click();
  await dialog.getByText('Draw your signature first, or type it.').waitFor();
  await draw(window);
  await dialog.getByRole('button', { name: 'Sign', exact: true }).click();
  const image = window.getByRole('img', { name: `Signature of ${ada.name}` });
  await image.waitFor();
  const width = await image.evaluate((drawn) => (drawn as unknown as { naturalWidth: number }).naturalWidth);
  expect(width).toBeGreaterThan(100);
});

test('a part of the server that is not there is told, and the rest of the page goes on', async () => {
  const { url } = await application(await dataFolder(), page.folder);
  await send(`${url}/documents`, 'POST', { title: 'Deed', content: 'text', created_by: ada.email });
  const window = await page.open(url);
  await window.route(/\/search\?/, (route) =>
    route.fulfill({ status: 503, json: { detail: 'The search is not there' } }),
  );
  await window.getByRole('searchbox').fill('deed');
  await window.getByText('The search did not work. The search is not there.').waitFor();
  await window.unroute(/\/search\?/);
  await window.getByRole('searchbox').fill('dee');
  await row(window, 'Deed').waitFor();

  const activity = /\/activity\?/;
  await window.route(activity, (route) => route.fulfill({ status: 502, json: {} }));
  await row(window, 'Deed').getByRole('link').click();
  await window.getByText('It could not be loaded. A part of the server does not answer. Trying again…').waitFor();
  await window.getByTestId('text').waitFor();
  await window.unroute(activity);
  await window.getByTestId('activity').getByText('created it').waitFor();
  await window.getByText('It could not be loaded.').waitFor({ state: 'hidden' });
  await connection(window, 'Live');
});

/** Drops a file on the page as a hand does. */
async function drop(window: Page, name: string, type: string, content: Buffer): Promise<void> {
  await window.evaluate(
    `(() => {
      const bytes = Uint8Array.from(atob(${JSON.stringify(content.toString('base64'))}), (one) => one.charCodeAt(0));
      const data = new DataTransfer();
      data.items.add(new File([bytes], ${JSON.stringify(name)}, { type: ${JSON.stringify(type)} }));
      for (const kind of ['dragenter', 'dragover', 'drop'])
        document.body.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
    })()`,
  );
}
