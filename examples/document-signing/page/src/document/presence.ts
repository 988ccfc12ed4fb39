import type { Present } from '@sluice/realtime/browser';

/** Somebody who has the document open. */
export interface Member {
  readonly subject: string;
  readonly email: string;
}

/** Who is there; the server may say no more of somebody than a subject. */
export function membersOf({ members }: Present): readonly Member[] {
  return members.map(({ id, info }) => ({ subject: id, email: emailOf(info) ?? id }));
}

function emailOf(info: unknown): string | undefined {
  const { email } = (info ?? {}) as { email?: unknown };
  return typeof email === 'string' ? email : undefined;
}
