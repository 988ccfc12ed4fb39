/** A text in which what was found stands between `<em>` and `</em>`. Everything else in it is text, whatever it looks like. */
export function Highlight({ text }: { readonly text: string }) {
  const pieces = text.split(/<em>([\s\S]*?)<\/em>/);
  return <>{pieces.map((piece, at) => (at % 2 === 1 ? <mark key={at}>{piece}</mark> : piece))}</>;
}
