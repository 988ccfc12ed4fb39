import { z } from 'zod';
import { STATUSES } from './status.js';

/** The largest content of a document, in bytes of UTF-8. */
export const MAX_CONTENT_BYTES = 10 * 1024 * 1024;

const title = text(1, 255);

/** The body of `POST /documents`. */
export const newDocument = z.object({
  title,
  content: z.string().superRefine((value, context) => {
    if (Buffer.byteLength(value) > MAX_CONTENT_BYTES) tooLong(context, MAX_CONTENT_BYTES, value);
  }),
  content_type: z
    .string()
    .max(255)
    .regex(/^[\w.+-]+\/[\w.+-]+(; ?[\w-]+=[\w.+-]+)*$/, 'Content type should look like text/plain')
    .default('text/plain'),
  created_by: z.email().max(320),
});
export type NewDocument = z.output<typeof newDocument>;

/** The body of `PATCH /documents/{id}`. */
export const documentChanges = z
  .object({ title: title.optional(), status: z.enum(STATUSES).optional() })
  .refine(({ title, status }) => title !== undefined || status !== undefined, 'Give title, status, or both');
export type DocumentChanges = z.output<typeof documentChanges>;

/** The query of `GET /documents`. */
export const pageOfDocuments = z.object({
  skip: z.coerce.number().int().min(0).max(1_000_000_000).default(0),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

/** The path of everything below `/documents/{document_id}`. */
export const documentPath = z.object({ document_id: z.guid('Document id should be a UUID').toLowerCase() });

/** `If-Match: <version>`, with or without the quotes of an entity tag; `*` matches every version. */
export const ifMatchHeader = z.object({
  'if-match': z
    .string()
    .regex(/^(\*|\d{1,9}|"\d{1,9}")$/, 'If-Match should be a version')
    .transform((value) => (value === '*' ? undefined : Number(value.replaceAll('"', ''))))
    .optional(),
});

/** Counts characters as Postgres does (a surrogate pair is one), and refuses the one that its text cannot hold. */
function text(min: number, max: number) {
  return z
    .string()
    .min(min)
    .refine((value) => !value.includes('\0'), 'Text should not contain the character U+0000')
    .superRefine((value, context) => {
      if (value.length > max && [...value].length > max) tooLong(context, max, value);
    });
}

function tooLong(context: z.RefinementCtx, maximum: number, input: string): void {
  context.addIssue({ code: 'too_big', origin: 'string', maximum, inclusive: true, input });
}
