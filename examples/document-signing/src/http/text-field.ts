import { z } from 'zod';

/** Text of so many characters as Postgres counts them (a surrogate pair is one), without what its `text` cannot hold. */
export function textField(min: number, max: number) {
  return z
    .string()
    .min(min)
    .refine((value) => !value.includes('\0'), 'Text should not contain the character U+0000')
    .refine((value) => !/\p{Surrogate}/u.test(value), 'Text should not contain half a character')
    .superRefine((input, context) => {
      if (input.length <= max || [...input].length <= max) return;
      context.addIssue({ code: 'too_big', origin: 'string', maximum: max, inclusive: true, input });
    })
    .meta({ maxLength: max });
}
