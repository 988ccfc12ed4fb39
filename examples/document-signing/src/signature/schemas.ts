import { isIP } from 'node:net';
import { z } from 'zod';
import { textField } from '../http/text-field.js';

/** The largest `signature_data`, in bytes of UTF-8. */
export const MAX_SIGNATURE_BYTES = 1_048_576;

const uuid = (name: string) => z.guid(`${name} should be a UUID`);

/** The body of `POST /signatures`. */
export const newSignature = z.object({
  document_id: uuid('Document id'),
  signer_email: z.email().max(320),
  signer_name: textField(1, 255),
  signature_data: z
    .string()
    .superRefine((input, context) => {
      if (Buffer.byteLength(input) <= MAX_SIGNATURE_BYTES) return;
      context.addIssue({ code: 'too_big', origin: 'string', maximum: MAX_SIGNATURE_BYTES, inclusive: true, input });
    })
    .nullish()
    .describe('A PNG, JPEG or SVG in base64 or as a data URL; anything else is kept as the text it is. At most 1 MiB'),
  ip_address: z
    .string()
    .refine((value) => isIP(value) !== 0 && !value.includes('%'), 'IP address should be an IPv4 or IPv6 address')
    .nullish()
    .describe("Default: the client's own"),
  document_status: z.unknown().optional().describe('Accepted and ignored: the document becomes `signed`'),
});
export type NewSignature = z.output<typeof newSignature>;

/** The query of `GET /signatures`. */
export const pageOfSignatures = z.object({
  skip: z.coerce.number().int().min(0).max(1_000_000_000).default(0),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

/** The path of everything below `/signatures/{signature_id}`. */
export const signaturePath = z.object({ signature_id: uuid('Signature id').toLowerCase() });

/** The path of `/documents/{document_id}/signatures`. */
export const documentPath = z.object({ document_id: uuid('Document id').toLowerCase() });
