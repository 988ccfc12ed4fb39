import { z } from 'zod';

/** A signature as clients see it. */
export const signatureBody = z.object({
  id: z.string(),
  document_id: z.string(),
  signer_email: z.string(),
  signer_name: z.string(),
  signed_at: z.string().describe('RFC 3339, in UTC'),
  ip_address: z.string().nullable(),
});
export type Signature = z.output<typeof signatureBody>;
