/** Somebody who is in a channel. */
export interface PresentMember {
  /** The subject of its identity, as the server knows it. */
  readonly id: string;
  /** What the server says of it. */
  readonly info: unknown;
  /** When it came, in ISO 8601. */
  readonly since: string;
}

/** Who is in a channel now. */
export interface Present {
  readonly channel: string;
  /** In the order in which they came; of a crowd, those that the server listed and those that came since. */
  readonly members: readonly PresentMember[];
  /** How many there are. */
  readonly total: number;
}

/** Keeps who is in each channel, by what the server says of those who come and go. */
export class Rosters {
  private readonly byChannel = new Map<string, { members: Map<string, PresentMember>; total: number }>();

  /** Who is in the channel after this message; `undefined` when it is about something else. */
  take(message: unknown): Present | undefined {
    if (!isPresence(message)) return undefined;
    const { type, data } = message;
    const { channel, member } = data;
    const roster = this.byChannel.get(channel) ?? { members: new Map(), total: 0 };
    this.byChannel.set(channel, roster);
    if (type === 'presence.state') {
      roster.members = new Map((data.members ?? []).map((one) => [one.id, one]));
      roster.total = data.total ?? roster.members.size;
    } else if (member !== undefined) {
      const joined = type === 'presence.joined';
      if (joined) roster.members.set(member.id, member);
      else roster.members.delete(member.id);
      roster.total += joined ? 1 : -1;
    }
    return { channel, members: [...roster.members.values()], total: roster.total };
  }
}

interface PresenceMessage {
  readonly type: 'presence.state' | 'presence.joined' | 'presence.left';
  readonly data: {
    readonly channel: string;
    readonly member?: PresentMember;
    readonly members?: readonly PresentMember[];
    readonly total?: number;
  };
}

const TYPES: readonly unknown[] = ['presence.state', 'presence.joined', 'presence.left'];

function isPresence(message: unknown): message is PresenceMessage {
  return (
    typeof message === 'object' &&
    message !== null &&
    'type' in message &&
    TYPES.includes(message.type) &&
    'data' in message &&
    typeof message.data === 'object' &&
    message.data !== null &&
    'channel' in message.data &&
    typeof message.data.channel === 'string'
  );
}
