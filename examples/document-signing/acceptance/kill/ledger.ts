/** What one client knows of one of its documents: what was acknowledged, and what it never heard the outcome of. */
export interface Entry {
  readonly id: string;
  /** Titles that the row may have: that of the last acknowledged change, and those in doubt after it. */
  titles: string[];
  /** The version of the last acknowledged change. */
  version: number;
  /** Acknowledged signatures, by id. */
  readonly signatures: Set<string>;
  /** Mail addresses that may have signed, or not. */
  readonly doubtfulSigners: Set<string>;
  deleted: 'no' | 'yes' | 'in doubt';
  /** Acknowledged views, and those in doubt. */
  views: number;
  doubtfulViews: number;
}

/** All that the clients know. */
export class Ledger {
  readonly entries: Entry[] = [];
  /** Titles of documents whose creation was not acknowledged: they may be there, or not. */
  readonly doubtfulTitles = new Set<string>();
  acknowledged = 0;
  inDoubt = 0;

  created(id: string, title: string): Entry {
    const entry: Entry = {
      id,
      titles: [title],
      version: 1,
      signatures: new Set(),
      doubtfulSigners: new Set(),
      deleted: 'no',
      views: 0,
      doubtfulViews: 0,
    };
    this.entries.push(entry);
    return entry;
  }
}
