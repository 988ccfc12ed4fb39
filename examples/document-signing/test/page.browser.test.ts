import { expect, test } from 'vitest';
import { application, dataFolder } from './support/application.js';
import { activity, ada, draw, grace, row, send, usePage } from './support/page.js';

const page = usePage();

test('two windows side by side: what one does, the other sees at once, from the first word to the signature', async () => {
  const { url } = await application(await dataFolder(), page.folder);
  const left = await page.open(url, { person: ada });
  const right = await page.open(url, { person: grace });
  await left.getByText('No documents yet').waitFor();

  await left.getByRole('button', { name: 'New document' }).first().click();
  await left.getByLabel('Title').fill('Lease agreement');
  await left.getByLabel('Content').fill('The landlord lets the rooms to the tenant.');
  await left.getByRole('button', { name: 'Create document' }).click();
  await left.getByRole('heading', { name: 'Lease agreement' }).waitFor();
  await row(right, 'Lease agreement').getByText('created', { exact: true }).waitFor();

  await row(right, 'Lease agreement').getByRole('link').click();
  await right.getByText('The landlord lets the rooms').waitFor();
  for (const window of [left, right]) {
    await window.getByTestId('people').getByText(ada.email).waitFor({ state: 'attached' });
    await window.getByTestId('people').getByText(grace.email).waitFor({ state: 'attached' });
  }

  await right.getByRole('button', { name: 'Sign', exact: true }).click();
  await draw(right);
  await right.getByRole('dialog').getByRole('button', { name: 'Sign', exact: true }).click();
  for (const window of [left, right]) {
    await window.getByTestId('status').getByText('signed', { exact: true }).waitFor();
    await window.getByText('version 2').waitFor();
    await window.getByRole('img', { name: 'Signature of Grace Hopper' }).waitFor();
    await window.getByTestId('activity').getByText('Status changed').waitFor();
    expect(await activity(window)).toEqual([
      'Status changed from created to signed',
      'Grace Hopper signed',
      'ada@example.com created it',
    ]);
    await window.getByTestId('stats').getByText('2', { exact: true }).waitFor();
  }
  expect(await right.getByRole('button', { name: 'Sign', exact: true }).count()).toBe(0);
});

test('search finds while one types, with a mistake in it, marks what it found, and the counts move', async () => {
  const { url } = await application(await dataFolder(), page.folder);
  const made = await send(`${url}/documents`, 'POST', {
    title: 'Lease agreement',
    content: 'between <b>Ada</b> and Grace',
    created_by: ada.email,
  });
  await send(`${url}/documents`, 'POST', { title: 'Power of attorney', content: 'text', created_by: grace.email });
  const window = await page.open(url);
  const facet = (name: string) => window.getByRole('button', { name: new RegExp(`^${name} \\d`, 'i') });
  await facet('created').getByText('2').waitFor();

  await window.keyboard.press('/');
  await window.keyboard.type('agr');
  await row(window, 'Lease').locator('mark').first().waitFor();
  await facet('created').getByText('1').waitFor();
  await window.keyboard.type('emeent');
  await window.getByTestId('count').getByText('1 found').waitFor();
  expect(await row(window, 'Lease').locator('mark').first().innerText()).toBe('agreement');
  await facet('created').getByText('1').waitFor();

  await send(`${url}/documents/${made.id}`, 'PATCH', { status: 'signed' });
  await row(window, 'Lease').getByText('signed', { exact: true }).waitFor();
  await facet('signed').getByText('1').waitFor();
  expect(await facet('created').count()).toBe(0);

  await send(`${url}/documents`, 'POST', { title: 'Agreement of today', content: 'text', created_by: grace.email });
  await row(window, 'Agreement of today').locator('mark').first().waitFor();
  await window.getByTestId('count').getByText('2 found').waitFor();

  await window.keyboard.press('Escape');
  await facet('created').click();
  await row(window, 'Power of attorney').waitFor();
  expect(await row(window, 'Lease').count()).toBe(0);
  expect(new URL(window.url()).search).toBe('?status=created');
  await window.getByRole('button', { name: 'created, remove this filter' }).click();
  await row(window, 'Lease').waitFor();
});

test('what others do is seen without a reload: renamed, archived, deleted while it is open', async () => {
  const { url } = await application(await dataFolder(), page.folder);
  const window = await page.open(url);
  const made = await send(`${url}/documents`, 'POST', { title: 'Deed', content: 'text', created_by: ada.email });
  await row(window, 'Deed').getByRole('link').click();
  await send(`${url}/documents/${made.id}`, 'PATCH', { title: 'Deed of gift' });
  await window.getByRole('heading', { name: 'Deed of gift' }).waitFor();
  expect(await window.title()).toContain('Deed of gift');
  await send(`${url}/documents/${made.id}`, 'PATCH', { status: 'archived' });
  await window.getByTestId('status').getByText('archived').waitFor();
  expect(await window.getByRole('button', { name: 'Sign', exact: true }).count()).toBe(0);
  await send(`${url}/documents/${made.id}`, 'DELETE');
  await window.getByText('This document was deleted').waitFor();
  await window.getByRole('link', { name: 'Back to all documents' }).click();
  await window.getByText('No documents yet').waitFor();
});

test('a change that came too late is refused, told, and shown as it is', async () => {
  const { url } = await application(await dataFolder(), page.folder);
  const made = await send(`${url}/documents`, 'POST', { title: 'Deed', content: 'text', created_by: ada.email });
  const window = await page.open(`${url}/?document=${made.id}`);
  await window.getByRole('button', { name: 'Rename' }).click();
  await window.getByRole('textbox', { name: 'Title' }).fill('Mine');
  await window.route('**/documents/*', async (route) => {
    if (route.request().method() === 'PATCH') {
      await send(`${url}/documents/${made.id}`, 'PATCH', { title: 'Theirs' });
    }
    await route.continue();
  });
  await window.getByRole('button', { name: 'Save' }).click();
  await window.getByText('Look at it again, then repeat.').waitFor();
  await window.getByRole('button', { name: 'Cancel' }).click();
  await window.getByRole('heading', { name: 'Theirs' }).waitFor();
});

test('a first visit asks who one is, once', async () => {
  const { url } = await application(await dataFolder(), page.folder);
  const window = await page.open(url, { person: null });
  await window.getByRole('dialog', { name: 'Welcome' }).getByLabel('Name').fill('Alan Turing');
  await window.getByLabel('E-mail').fill('alan@example.com');
  await window.keyboard.press('Enter');
  await window.getByRole('button', { name: 'Your profile: Alan Turing' }).waitFor();
  await window.reload();
  await window.getByRole('button', { name: 'Your profile: Alan Turing' }).waitFor();
  expect(await window.getByRole('dialog').count()).toBe(0);
});
