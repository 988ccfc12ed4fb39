/** Somebody who has the document open. */
export interface Member {
  readonly subject: string;
  readonly email: string;
}

interface PresenceMessage {
  readonly type: 'presence.state' | 'presence.joined' | 'presence.left';
  readonly data: {
    readonly members: readonly { readonly subject: string; readonly info?: { readonly email?: string } }[];
  };
}

/** Who is there after a message; the same array when it says nothing of that. */
export function membersAfter(members: readonly Member[], message: unknown): readonly Member[] {
  if (!isPresence(message)) return members;
  const told = message.data.members.map(({ subject, info }) => ({ subject, email: info?.email ?? subject }));
  if (message.type === 'presence.state') return told;
  const others = members.filter(({ subject }) => !told.some((one) => one.subject === subject));
  return message.type === 'presence.joined' ? [...others, ...told] : others;
}

function isPresence(message: unknown): message is PresenceMessage {
  if (typeof message !== 'object' || message === null || !('type' in message) || !('data' in message)) return false;
  const { type, data } = message as { type: unknown; data: { members?: unknown } | null };
  return typeof type === 'string' && type.startsWith('presence.') && Array.isArray(data?.members);
}
