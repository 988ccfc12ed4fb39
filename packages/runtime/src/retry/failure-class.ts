import { ComponentError, isComponentError, type RetryClass } from '@sluice/contracts';

/** What may be done about an error. One that is not a ComponentError may be anything: it is tried again after a pause. */
export function retryClass(error: unknown): RetryClass {
  return isComponentError(error) ? error.retry : 'backoff';
}

/** The code and message of an error for a dead letter; of a foreign error its class alone, for its text may hold row values. */
export function causeOf(error: unknown): { readonly code: string; readonly message: string } {
  if (isComponentError(error)) return { code: error.code, message: error.message };
  const name = error instanceof Error ? error.name : typeof error;
  return { code: 'UNKNOWN', message: `${name} (its text is withheld, for it may hold data)` };
}

/** What a stage ended with; a foreign error becomes the cause of a `PIPELINE_STAGE_FAILED`. */
export function asStageError(error: unknown): ComponentError {
  return isComponentError(error)
    ? error
    : new ComponentError('PIPELINE_STAGE_FAILED', 'an operator ended with an error', { cause: error });
}
