import { type SearchDocument, searchWords } from '@sluice/contracts';

/** Letters of a text that is shown as a whole; of a longer one extracts are shown. */
const WHOLE = 240;
/** Letters before and behind a match. */
const AROUND = 80;
const MAX_EXTRACTS = 3;

/** Makes the extracts of documents for the words that were found. */
export function highlighter(words: readonly string[]) {
  const found = new Set(words);
  const pattern = new RegExp(words.toSorted((a, b) => b.length - a.length).join('|'), 'giu');
  return (document: SearchDocument, names: readonly string[]): Record<string, readonly string[]> => {
    const extracts = names.flatMap((name) => {
      const value = Object.hasOwn(document, name) ? document[name] : null;
      const shown = typeof value === 'string' && words.length > 0 ? extractsOf(value.normalize('NFC')) : [];
      return shown.length > 0 ? [[name, shown] as const] : [];
    });
    return Object.fromEntries(extracts);
  };

  function extractsOf(text: string): string[] {
    if (text.length <= WHOLE) {
      const all = [...matchesIn(text)];
      return all.length > 0 ? [marked(text, 0, text.length, all)] : [];
    }
    const extracts: string[] = [];
    let gathered: Match[] = [];
    for (const match of matchesIn(text)) {
      const last = gathered.at(-1);
      if (last && match.start - last.end > 2 * AROUND) {
        extracts.push(around(text, gathered));
        gathered = [];
        if (extracts.length === MAX_EXTRACTS) return extracts;
      }
      // What goes on and on is cut, and shown as it begins.
      if (match.end - (gathered[0]?.start ?? match.start) <= WHOLE) gathered.push(match);
    }
    return gathered.length > 0 ? [...extracts, around(text, gathered)] : extracts;
  }

  function* matchesIn(text: string): Generator<Match> {
    for (const { index: start, 0: word } of text.matchAll(pattern)) {
      const end = start + word.length;
      const alone = !IN_WORD.test(letterBefore(text, start)) && !IN_WORD.test(letterAt(text, end));
      if (alone && found.has(searchWords(word)[0] ?? '')) yield { start, end };
    }
  }
}

interface Match {
  readonly start: number;
  readonly end: number;
}

const IN_WORD = /[\p{L}\p{N}\p{M}]/u;

const letterAt = (text: string, at: number) => String.fromCodePoint(text.codePointAt(at) ?? 32);
const letterBefore = (text: string, at: number) => [...text.slice(Math.max(0, at - 2), at)].at(-1) ?? ' ';

/** The matches with some text around them, cut between words where there is a blank. */
function around(text: string, matches: readonly Match[]): string {
  const [first, last] = [matches[0] as Match, matches.at(-1) as Match];
  const from = Math.max(0, first.start - AROUND);
  const to = Math.min(text.length, last.end + AROUND);
  const blank = text.slice(from, first.start).search(/\s/);
  const start = from === 0 || blank < 0 ? from : from + blank + 1;
  const behind = text.slice(last.end, to).search(/\s\S*$/);
  const end = to === text.length || behind < 0 ? to : last.end + behind;
  return marked(text, start, end, matches);
}

function marked(text: string, from: number, to: number, matches: readonly Match[]): string {
  let [html, at] = ['', from];
  for (const { start, end } of matches) {
    html += `${escaped(text.slice(at, start))}<em>${escaped(text.slice(start, end))}</em>`;
    at = end;
  }
  return html + escaped(text.slice(at, to));
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ESCAPES[char] as string);
}
