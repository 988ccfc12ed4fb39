/** How old an answer may be, in milliseconds: half of what an index may take to refresh. */
const MAX_AGE_MS = 250;
/** Answers that are kept at most; the oldest goes first. */
const MAX_KEPT = 500;

/**
 * Answers of a moment ago: whoever asks the same gets the same, also while it is being found out. So a word that everybody searches for
 * is looked up a few times a second, however many ask. What failed is not kept.
 */
export class RecentAnswers<T> {
  readonly #kept = new Map<string, Promise<T>>();

  /** `find` is asked when there is no answer under this key. */
  of(key: string, find: () => Promise<T>): Promise<T> {
    const recent = this.#kept.get(key);
    if (recent !== undefined) return recent;
    const answer = find();
    this.#kept.set(key, answer);
    const forget = () => {
      if (this.#kept.get(key) === answer) this.#kept.delete(key);
    };
    // From when it was asked for: what the index learned since does not wait longer.
    setTimeout(forget, MAX_AGE_MS).unref();
    answer.catch(forget);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest);
    return answer;
  }
}
