import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { application, dataFolder } from './support/application.js';
import { ada, draw, grace, type OpenOptions, row, send, usePage } from './support/page.js';
import { samplePdf } from './support/sample-pdf.js';

// The pictures of the README. They are kept, so that a run of the tests leaves the tree as it is: SLUICE_SCREENSHOTS=1 makes them anew,
// and one that is missing is made.
const ANEW = process.env['SLUICE_SCREENSHOTS'] === '1';
const page = usePage();
const fileOf = (name: string) => fileURLToPath(new URL(`../docs/screenshots/${name}.png`, import.meta.url));

/** Takes the picture, also when it is not kept: what it shows must be there. */
async function picture(window: Page, name: string): Promise<void> {
  const path = fileOf(name);
  await window.evaluate('document.fonts.ready');
  const taken = await window.screenshot({
    animations: 'disabled',
    ...(ANEW || !existsSync(path) ? { path } : {}),
  });
  expect(taken.length).toBeGreaterThan(10_000);
}

const LEASE = `Lease agreement

Between Ada Lovelace, the landlord, and Grace Hopper, the tenant.

1. The landlord lets the rooms on the second floor of 12 Analytical Street to the tenant, with the use of the garden.

2. The rent is due on the first day of each month.

3. Either party may end this agreement with three months of notice, in writing.

4. The tenant may install machines that compute, and keeps the noise of them low after ten in the evening.`;

const OTHERS = [
  ['Non-disclosure agreement', grace.email, 'sent'],
  ['Employment contract', ada.email, 'viewed'],
  ['Power of attorney', 'alan@example.com', 'signed'],
  ['Deed of gift', ada.email, 'completed'],
  ['Terms of delivery', 'alan@example.com', 'cancelled'],
  ['Statement of work: analytics platform', grace.email, 'sent'],
] as const;

test('pictures: the list, a document that was signed, the search, the paper to sign on; light, dark and on a phone', async () => {
  const { url } = await application(await dataFolder(), page.folder);
  const create = (title: string, created_by: string, content: string, more = {}) =>
    send(`${url}/documents`, 'POST', { title, created_by, content, ...more });
  for (const [title, author, status] of OTHERS) {
    const { id } = await create(title, author, `${title}. The parties agree as follows.`);
    for (const step of status === 'completed' ? ['signed', 'completed'] : [status])
      await send(`${url}/documents/${id}`, 'PATCH', { status: step });
  }
  const annex = samplePdf('Annex A: the rooms').toString('base64');
  await create('Annex A', grace.email, annex, { content_type: 'application/pdf', content_encoding: 'base64' });
  const lease = await create('Lease agreement', ada.email, LEASE);
  const open = (path: string, options: OpenOptions = {}) => page.open(`${url}/${path}`, { height: 800, ...options });

  const signer = await open(`?document=${lease.id}`, { person: grace });
  await signer.keyboard.press('s');
  await draw(signer);
  await signer.mouse.move(5, 5);
  await picture(signer, 'sign');
  await signer.getByRole('dialog').getByRole('button', { name: 'Sign', exact: true }).click();
  await signer.getByTestId('activity').getByText('to signed').waitFor();

  for (const dark of [false, true]) {
    const scheme = dark ? 'dark' : 'light';
    const list = await open('', { dark });
    await row(list, 'Lease agreement').getByText('signed', { exact: true }).waitFor();
    await list.getByRole('button', { name: /^signed 2/i }).waitFor();
    await picture(list, `list-${scheme}`);
    const document = await open(`?document=${lease.id}`, { dark });
    await document.getByRole('img', { name: 'Signature of Grace Hopper' }).waitFor();
    await document.getByTestId('people').getByText(grace.email).waitFor({ state: 'attached' });
    await document.getByTestId('activity').getByText('to signed').waitFor();
    await document.getByText('three months of notice').waitFor();
    await picture(document, `document-${scheme}`);
  }

  const found = await open('?q=agremeent');
  await found
    .getByTestId('count')
    .getByText(/^[2-9] found/)
    .waitFor();
  await picture(found, 'search');
  const phone = { width: 360, height: 740 };
  const small = await open('', phone);
  await row(small, 'Lease agreement').waitFor();
  await picture(small, 'phone-list');
  const smallDark = await open(`?document=${lease.id}`, { ...phone, dark: true });
  await smallDark.getByText('three months of notice').waitFor();
  await picture(smallDark, 'phone-document-dark');
});
