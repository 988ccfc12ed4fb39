import { z } from 'zod';
import { textField } from '../http/text-field.js';
import { STATUSES } from './status.js';

/** The largest content of a document, in bytes. */
export const MAX_CONTENT_BYTES = 10 * 1024 * 1024;

const title = textField(1, 255);

/** The body of `POST /documents`; of its content, the bytes. */
export const newDocument = z
  .object({
    title,
    content: z.string().describe('At most 10 MiB'),
    content_encoding: z
      .enum(['utf-8', 'base64'])
      .default('utf-8')
      .describe('base64: the content is bytes, such as a PDF, in base64'),
    content_type: z
      .string()
      .max(255)
      .regex(/^[\w.+-]+\/[\w.+-]+(; ?[\w-]+=[\w.+-]+)*$/, 'Content type should look like text/plain')
      .default('text/plain'),
    created_by: z.email().max(320),
  })
  .transform(({ content: given, content_encoding: encoding, ...rest }, context) => {
    const problem = encoding === 'base64' && !BASE64.test(given) ? 'Content should be base64' : undefined;
    const content = Buffer.from(given, encoding);
    if (problem === undefined && content.length <= MAX_CONTENT_BYTES) return { ...rest, content };
    const path = ['content'];
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem, path, input: given });
    else tooLong(context, MAX_CONTENT_BYTES, given, path);
    return z.NEVER;
  });
export type NewDocument = z.output<typeof newDocument>;

/** Also without padding and in the alphabet for addresses; with line breaks, as tools write them. */
const BASE64 = /^[\w+/\-\r\n]*={0,2}\s*$/;

export const documentStatus = z.enum(STATUSES);

/** The body of `PATCH /documents/{id}`. */
export const documentChanges = z
  .object({ title: title.optional(), status: documentStatus.optional() })
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
export const ifMatchHeader = z.looseObject({
  'if-match': z
    .string()
    .regex(/^(\*|\d{1,9}|"\d{1,9}")$/, 'If-Match should be a version')
    .transform((value) => (value === '*' ? undefined : Number(value.replaceAll('"', ''))))
    .optional(),
});

function tooLong(context: z.RefinementCtx, maximum: number, input: string, path: string[]): void {
  context.addIssue({ code: 'too_big', origin: 'string', maximum, inclusive: true, input, path });
}
