import type { Profile } from '../profile/profile.js';
import { call } from './call.js';

/** A token for the feeds, in the name of this person. */
export async function tokenFor({ id, email }: Profile): Promise<string> {
  const query = new URLSearchParams({ user_id: id, email });
  const { access_token } = await call<{ access_token: string }>('GET', `/auth/token?${query}`);
  return access_token;
}
