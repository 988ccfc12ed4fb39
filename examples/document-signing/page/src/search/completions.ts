/**
 * What is being typed, ended in each way in which a word of the suggestions does: `lease agr` may become `lease agreement`. The search
 * looks for whole words, and whoever types has not ended the last one yet.
 */
export function completionsOf(typed: string, suggestions: readonly string[]): readonly string[] {
  const [, before = '', last = ''] = /^(.*?)([\p{L}\p{N}]+)$/su.exec(typed.toLowerCase()) ?? [];
  if (last === '') return [];
  const words = suggestions.flatMap((text) => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []);
  const ended = words.filter((word) => word.startsWith(last) && word !== last);
  return [...new Set(ended)].map((word) => before + word);
}
