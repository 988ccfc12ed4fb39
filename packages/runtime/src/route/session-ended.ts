import { ComponentError, isComponentError } from '@sluice/contracts';

/** What a branch hears when the shared session ends because of another one, which tells why. */
export function sessionEnded(): ComponentError {
  return new ComponentError('ROUTE_SESSION_ENDED', 'another branch begins anew, and this one with it');
}

/** Whether the error only says that another branch has one. */
export function isSessionEnded(error: unknown): boolean {
  return isComponentError(error) && error.code === 'ROUTE_SESSION_ENDED';
}
