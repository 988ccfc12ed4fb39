import { isComponentError, type SourceFeatures } from '@sluice/contracts';

/** Whether an error says no more than that another instance has taken over, as it may where lanes are shared out. */
export function isOvertaken(error: unknown, { shared = false }: SourceFeatures): boolean {
  return shared && isComponentError(error) && error.code === 'CHECKPOINT_FENCED';
}
