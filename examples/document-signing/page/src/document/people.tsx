import { initials, profile } from '../profile/profile.js';
import type { Member } from './presence.js';

const MOST = 5;

/** Who has the document open now. */
export function People({ members }: { readonly members: readonly Member[] }) {
  if (members.length === 0) return null;
  const shown = members.slice(0, MOST);
  return (
    <ul class="people" aria-label={`Here now: ${members.length}`} data-testid="people">
      {shown.map(({ subject, email }) => (
        <li key={subject} class={`avatar tone-${tone(email)}`} title={nameOf(email)}>
          <span aria-hidden="true">{initials(email.replace(/@.*/, ''))}</span>
          <span class="visually-hidden">{nameOf(email)}</span>
        </li>
      ))}
      {members.length > MOST && (
        <li class="avatar">
          <span aria-hidden="true">+{members.length - MOST}</span>
          <span class="visually-hidden">and {members.length - MOST} more</span>
        </li>
      )}
    </ul>
  );
}

const nameOf = (email: string) => (email === profile.value.email ? `${email} (you)` : email);

/** One of six colours, always the same for one person. */
export function tone(email: string): number {
  let sum = 0;
  for (const character of email) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 6_007;
  return sum % 6;
}
