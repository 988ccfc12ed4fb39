/** Every status a document can have, in the order of its life. */
export const STATUSES = ['created', 'sent', 'viewed', 'signed', 'completed', 'cancelled', 'archived'] as const;

export type Status = (typeof STATUSES)[number];

/**
 * Which status may follow which. Signing is possible without sending; what is signed can no longer be cancelled; the archive is final.
 */
export const TRANSITIONS: Readonly<Record<Status, readonly Status[]>> = {
  created: ['sent', 'viewed', 'signed', 'cancelled', 'archived'],
  sent: ['viewed', 'signed', 'cancelled', 'archived'],
  viewed: ['signed', 'cancelled', 'archived'],
  signed: ['completed', 'archived'],
  completed: ['archived'],
  cancelled: ['archived'],
  archived: [],
};

/** Whether a document may go from one status to another. Staying is always possible. */
export function mayFollow(from: Status, to: Status): boolean {
  return from === to || TRANSITIONS[from].includes(to);
}

/** The statuses from which a document may come to this one, itself among them. */
export function statusesBefore(to: Status): readonly Status[] {
  return STATUSES.filter((from) => mayFollow(from, to));
}
