import { randomInt, randomUUID } from 'node:crypto';
import { waitFor } from '@sluice/testkit';
import { expect } from 'vitest';
import type { UnderTest } from '../system.js';
import { type Answer, get, post } from './http.js';

export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
export const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
export const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** An id that no document has. */
export const unknownId = () => randomUUID();

/** A word that nobody else has written: twelve letters, in pairs that can be spoken. */
export function newWord(): string {
  const of = (letters: string) => letters[randomInt(letters.length)];
  return Array.from({ length: 6 }, () => `${of('bcdfghklmnprstvz')}${of('aeiou')}`).join('');
}

/** The word with two of its letters interchanged, as a typo has it. */
export function misspelt(word: string): string {
  return `${word.slice(0, 6)}${word[7]}${word[6]}${word.slice(8)}`;
}

/** The body of a request that makes a document. */
export function newDocument(given: object = {}): Record<string, unknown> {
  return { title: `Lease ${newWord()}`, content: 'Between the parties', created_by: 'ada@example.com', ...given };
}

/** Makes a document, or fails. */
export async function createDocument(system: UnderTest, given: object = {}): Promise<Answer['body']> {
  const { status, body, text } = await post(`${system().document}/documents`, newDocument(given));
  expect(status, text).toBe(201);
  return body;
}

/** The body of a request that signs. */
export function newSignature(documentId: string, given: object = {}): Record<string, unknown> {
  return { document_id: documentId, signer_email: `${newWord()}@example.com`, signer_name: 'Grace Hopper', ...given };
}

/** Signs a document, or fails. */
export async function sign(system: UnderTest, documentId: string, given: object = {}): Promise<Answer['body']> {
  const { status, body, text } = await post(`${system().signature}/signatures`, newSignature(documentId, given));
  expect(status, text).toBe(201);
  return body;
}

/** Waits until the question is answered so; what does not depend on time is promised without. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  timeoutMs = 30_000,
): Promise<T> {
  return (await waitFor(async () => (await ask()) || undefined, { what, timeoutMs })) as T;
}

/** The ids that a search finds. */
export async function found(system: UnderTest, query: Readonly<Record<string, string>>): Promise<string[]> {
  const { status, body, text } = await get(`${system().search}/search?${new URLSearchParams(query)}`);
  expect(status, text).toBe(200);
  return body.documents.map(({ id }: { id: string }) => id);
}
