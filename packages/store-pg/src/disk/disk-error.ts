import { ComponentError, type ErrorCode, isComponentError } from '@sluice/contracts';

/** The error of the file system as one of ours; paths stay out of it. `doing` completes "while …". */
export function fromDisk(error: unknown, doing: string): unknown {
  const { code, syscall } = (error ?? {}) as { code?: unknown; syscall?: unknown };
  if (isComponentError(error) || typeof code !== 'string' || typeof syscall !== 'string') return error;
  return new ComponentError(codeOf(code), `${code} (while ${doing})`, { details: { code, syscall } });
}

function codeOf(code: string): ErrorCode {
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'OBJECT_DISK_FULL';
  return code === 'ELOOP' || code === 'ENOTDIR' ? 'OBJECT_DISK_UNSAFE' : 'OBJECT_DISK_FAILED';
}

/** Whether it is the error of this kind of the file system. */
export function isDisk(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes((error as { code?: string } | null)?.code ?? '');
}
