import { faultProxy } from '@sluice/testkit/proxy';
import { expect, onTestFinished, test } from 'vitest';
import { application, dataFolder } from './support/application.js';
import { activity, ada, connection, grace, row, send, usePage } from './support/page.js';

const page = usePage();

test('a line that breaks loses no event: everything that happened meanwhile comes, once, without loading anew', async () => {
  const { url } = await application(await dataFolder(), page.folder);
  const made = await send(`${url}/documents`, 'POST', { title: 'Deed', content: 'text', created_by: ada.email });
  const line = await faultProxy({ target: { host: '127.0.0.1', port: Number(new URL(url).port) } });
  onTestFinished(() => line.stop());
  const steady = await page.open(`${url}/?document=${made.id}`, { person: grace });
  const shaky = await page.open(line.through(`${url}/?document=${made.id}`));
  await shaky.getByTestId('activity').getByText('created it').waitFor();

  line.refuse();
  line.reset();
  await connection(shaky, 'Reconnecting');
  await shaky.getByText('The server does not answer. What you see is as of').waitFor();
  await shaky.getByRole('button', { name: 'Try now' }).waitFor();
  await shaky.locator('.offline-note').getByText('Try again in a moment.').waitFor();
  expect((await shaky.locator('.offline-note').innerText()).match(/does not answer/g)).toHaveLength(1);
  for (const title of ['Deed 2', 'Deed 3', 'Deed 4']) await send(`${url}/documents/${made.id}`, 'PATCH', { title });
  await send(`${url}/signatures`, 'POST', {
    document_id: made.id,
    signer_email: grace.email,
    signer_name: grace.name,
    signature_data: 'placeholder',
  });
  await send(`${url}/documents`, 'POST', { title: 'Made meanwhile', content: 'text', created_by: grace.email });
  await steady.getByTestId('activity').getByText('to signed').waitFor();
  const lists: string[] = [];
  shaky.on('request', (request) => /\/documents\?/.test(request.url()) && lists.push(request.url()));

  const told = shaky.getByText('Connected again. Nothing was missed.').waitFor();
  await line.heal();
  await connection(shaky, 'Live');
  await told;
  await shaky.getByTestId('activity').getByText('to signed').waitFor();
  expect(await activity(shaky)).toEqual(await activity(steady));
  expect(await activity(shaky)).toHaveLength(6);
  await shaky.getByRole('link', { name: 'All documents' }).click();
  await row(shaky, 'Made meanwhile').waitFor();
  await row(shaky, 'Deed 4').getByText('signed', { exact: true }).waitFor();
  expect(lists).toEqual([]);
});

test('offline the page says so, keeps what was typed, and goes on when the network is back', async () => {
  const { url } = await application(await dataFolder(), page.folder);
  const window = await page.open(url);
  await window.keyboard.press('n');
  await window.getByLabel('Title').fill('Typed before');
  await window.getByLabel('Content').fill('text');
  await window.context().setOffline(true);
  await window.getByRole('button', { name: 'Create document' }).click();
  await window.getByText('You are offline. Nothing is known to be saved.').waitFor();
  await connection(window, 'Offline');

  await window.context().setOffline(false);
  await connection(window, 'Live');
  await window.getByRole('button', { name: 'Create document' }).click();
  await window.getByRole('heading', { name: 'Typed before' }).waitFor();
});

test('what was typed of a new document is still there after Escape; Cancel and creating it clear it', async () => {
  const { url } = await application(await dataFolder(), page.folder);
  const window = await page.open(url);
  const title = window.getByRole('dialog').getByLabel('Title');
  await window.keyboard.press('n');
  await title.fill('Half a thought');
  await window.getByLabel('Content').fill('text');
  await window.keyboard.press('Escape');
  await title.waitFor({ state: 'detached' });
  await window.keyboard.press('n');
  expect(await title.inputValue()).toBe('Half a thought');
  expect(await window.getByLabel('Content').inputValue()).toBe('text');
  await window.getByRole('button', { name: 'Create document' }).click();
  await window.getByRole('heading', { name: 'Half a thought' }).waitFor();

  await window.keyboard.press('n');
  expect(await title.inputValue()).toBe('');
  await title.fill('No thought at all');
  await window.getByRole('button', { name: 'Cancel' }).click();
  await window.keyboard.press('n');
  expect(await title.inputValue()).toBe('');
});

test('while the server is away the page says so, and afterwards it is right without a reload', async () => {
  const data = await dataFolder();
  const first = await application(data, page.folder);
  // The address stays while what is behind it is another one.
  const target = { host: '127.0.0.1', port: Number(new URL(first.url).port) };
  const line = await faultProxy({ target });
  onTestFinished(() => line.stop());
  const window = await page.open(line.through(first.url), { width: 360 });
  await send(`${first.url}/documents`, 'POST', { title: 'Made before', content: 'text', created_by: ada.email });
  await row(window, 'Made before').waitFor();
  await first.stop();
  await connection(window, 'Reconnecting');
  await window.getByText('What you see is as of').waitFor();
  expect(await window.evaluate('document.documentElement.scrollWidth')).toBe(360);

  const second = await application(data, page.folder);
  target.port = Number(new URL(second.url).port);
  await connection(window, 'Live');
  await send(`${second.url}/documents`, 'POST', { title: 'Made after', content: 'text', created_by: ada.email });
  await row(window, 'Made after').waitFor();
  await row(window, 'Made before').waitFor();
  expect(await window.locator('.row').count()).toBe(2);
});
