import { create } from '../library/actions.js';
import { profile } from '../profile/profile.js';
import { toast, toastProblem } from '../toast/toasts.js';
import { readFile } from './read-file.js';

/** Makes a document of each file, one after the other, and tells of each. */
export async function createFiles(files: readonly File[]): Promise<void> {
  for (const file of files) {
    try {
      await create({ ...(await readFile(file)), created_by: profile.peek().email });
    } catch (error) {
      if (error instanceof RangeError) {
        toast(`“${file.name}” was not created. ${error.message}`, { kind: 'problem' });
      } else toastProblem(`“${file.name}” was not created.`, error);
    }
  }
}
