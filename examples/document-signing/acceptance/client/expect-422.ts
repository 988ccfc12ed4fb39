import { expect } from 'vitest';
import type { Answer } from './http.js';

/** Expects that the answer names this place as wrong, in the shape that clients know. */
export function expect422(answer: Answer, ...loc: readonly (string | number)[]): void {
  expect(answer.status, answer.text.slice(0, 500)).toBe(422);
  expect(answer.headers['content-type']).toMatch(/^application\/json/);
  expect(Object.keys(answer.body)).toEqual(['detail']);
  for (const problem of answer.body.detail) {
    expect(problem).toEqual({
      type: expect.any(String),
      loc: expect.any(Array),
      msg: expect.any(String),
      ...('input' in problem ? { input: problem.input } : {}),
    });
  }
  expect(answer.body.detail.map((problem: { loc: unknown }) => problem.loc)).toContainEqual(loc);
  expectNoInside(answer);
}

/** An answer to wrong input is never a 500, and never has a stack trace. */
export function expectNoInside({ status, text }: Answer): void {
  expect(status, text.slice(0, 500)).toBeLessThan(500);
  expect(text).not.toMatch(/\n?\s+at .+:\d+|node_modules|\.ts:\d+/);
}

/** Expects a 404 that says exactly this. */
export function expect404(answer: Answer, detail = 'Document not found'): void {
  expect([answer.status, answer.body]).toEqual([404, { detail }]);
}
