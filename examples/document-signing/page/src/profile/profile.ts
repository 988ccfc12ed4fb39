import { signal } from '@preact/signals';

/** Who uses the page: the name and e-mail that it signs, creates and connects with. Kept in this browser alone. */
export interface Profile {
  readonly id: string;
  readonly name: string;
  readonly email: string;
}

const KEY = 'profile';
const stored = read();

export const profile = signal<Profile>(stored ?? guest());

/** Whether the person was asked who they are. */
export const introduced = signal(stored !== undefined);

export function saveProfile(name: string, email: string): void {
  profile.value = { ...profile.value, name, email };
  introduced.value = true;
  localStorage.setItem(KEY, JSON.stringify(profile.value));
}

/** `AL` for Ada Lovelace. */
export function initials(name: string): string {
  const words = name.trim().split(/[\s@.]+/);
  return `${words[0]?.[0] ?? '?'}${words.length > 1 ? (words.at(-1)?.[0] ?? '') : ''}`.toUpperCase();
}

function guest(): Profile {
  const id = crypto.randomUUID();
  const number = (Number.parseInt(id.slice(0, 4), 16) % 900) + 100;
  return { id, name: `Guest ${number}`, email: `guest-${number}@example.com` };
}

function read(): Profile | undefined {
  try {
    const { id, name, email } = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Profile>;
    return id && name && email ? { id, name, email } : undefined;
  } catch {
    // What another program left there is no profile.
    return undefined;
  }
}
