import { z } from 'zod';

/** Hits in one page, and hits that can be paged to. */
const MAX_SIZE = 100;
const MAX_REACH = 10_000;

/** Characters of what is searched for. */
const MAX_Q = 500;

/** The query of `GET /search`. */
export const searchQuery = z
  .object({
    q: z.string().min(1).max(MAX_Q).describe('Words; nothing in it has a special meaning'),
    status: z.string().optional(),
    created_by: z.string().optional(),
    content_type: z.string().optional(),
    from: z.coerce.number().int().min(0).default(0).describe('Hits to leave out; with `size` 10,000 at most'),
    size: z.coerce.number().int().min(1).max(MAX_SIZE).default(10),
  })
  .superRefine(({ from, size }, context) => {
    // A size that is too large has been named already; it says nothing of `from`.
    if (size > MAX_SIZE || from + size <= MAX_REACH) return;
    const maximum = MAX_REACH - size;
    context.addIssue({ code: 'too_big', origin: 'number', maximum, inclusive: true, input: from, path: ['from'] });
  });
export type SearchQuery = z.output<typeof searchQuery>;

/** A document that was found. */
export const foundDocument = z.object({
  id: z.string(),
  title: z.string(),
  status: z.string(),
  created_by: z.string(),
  content_type: z.string(),
  content_size: z.number().int(),
  created_at: z.string(),
  updated_at: z.string(),
  version: z.number().int(),
  content_truncated: z.boolean().describe('Whether only the beginning of the content is searched'),
  score: z.number(),
  highlights: z
    .object({ title: z.array(z.string()), content: z.array(z.string()) })
    .describe('Extracts, HTML-escaped, with the matches in <em>'),
});
export type FoundDocument = z.output<typeof foundDocument>;

/** The answer of `GET /search`. */
export const searchAnswer = z.object({
  total: z.number().int(),
  documents: z.array(foundDocument),
  took_ms: z.number().int(),
  from: z.number().int(),
  size: z.number().int(),
});

/** `GET /suggest` */
export const suggestQuery = z.object({
  q: z.string().min(2).max(MAX_Q),
  size: z.coerce.number().int().min(1).max(20).default(5),
});
export const suggestAnswer = z.object({ suggestions: z.array(z.string()) });

/** `GET /aggregations/{field}` */
export const AGGREGATED = ['status', 'content_type', 'created_by'] as const;
export const aggregationPath = z.object({ field: z.string().describe(`One of ${AGGREGATED.join(', ')}`) });
export const aggregationQuery = z.object({
  q: z.string().max(MAX_Q).optional().describe('Default: all documents'),
});
export const aggregationAnswer = z.object({
  field: z.string(),
  values: z.array(z.object({ key: z.string(), count: z.number().int() })).describe('The ten most frequent'),
});
