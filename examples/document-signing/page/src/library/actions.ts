import { signal } from '@preact/signals';
import {
  changeDocument,
  createDocument,
  type Document,
  deleteDocument,
  type NewDocument,
  type Status,
} from '../api/documents.js';
import { toast, toastProblem } from '../toast/toasts.js';
import { forget, learn } from './store.js';

/** What was asked for and is not answered yet. */
export interface Wish {
  readonly title?: string;
  readonly status?: Status;
}

/** The wishes, by document: shown as such, and taken back when they are refused. */
export const pending = signal<ReadonlyMap<string, Wish>>(new Map());

/** Resolves with whether it was done; a refusal has been told. */
export async function change(document: Document, changes: { title?: string; status?: Status }): Promise<boolean> {
  pending.value = new Map(pending.peek()).set(document.id, changes);
  try {
    learn(await changeDocument(document, changes));
    return true;
  } catch (error) {
    toastProblem(`“${document.title}” was not changed.`, error);
    return false;
  } finally {
    const rest = new Map(pending.peek());
    rest.delete(document.id);
    pending.value = rest;
  }
}

/** Rejects with a `Problem` when it was not created: the form that asked for it keeps what was typed. */
export async function create(given: NewDocument): Promise<Document> {
  const made = await createDocument(given);
  learn(made);
  toast(`Created “${made.title}”.`, { link: { label: 'Open', to: { document: made.id } } });
  return made;
}

/** Resolves with whether it is gone. */
export async function remove(document: Document): Promise<boolean> {
  try {
    await deleteDocument(document);
    forget(document.id);
    toast(`Deleted “${document.title}”.`);
    return true;
  } catch (error) {
    toastProblem(`“${document.title}” was not deleted.`, error);
    return false;
  }
}
