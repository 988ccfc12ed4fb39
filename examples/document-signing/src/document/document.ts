import { z } from 'zod';
import { STATUSES } from './status.js';

/** A document as clients see it. */
export const documentBody = z.object({
  id: z.uuidv7().describe('UUID version 7'),
  title: z.string(),
  content_type: z.string(),
  content_size: z.number().int().describe('Bytes of the content; of UTF-8 where it is text'),
  s3_key: z.string().describe('Where the content lies in the object store'),
  status: z.enum(STATUSES),
  created_by: z.string().describe('An e-mail address'),
  created_at: z.string().describe('ISO 8601, in UTC'),
  updated_at: z.string().describe('ISO 8601, in UTC'),
  version: z.number().int().describe('1 at first, one more with each change'),
});

export type Document = Readonly<z.output<typeof documentBody>>;

/** How often a document was looked at. */
export const documentStats = z.object({
  document_id: z.uuid(),
  total_views: z.number().int(),
  unique_views: z.number().int().describe('By the address of the client'),
});
