import { useEffect, useState } from 'preact/hooks';
import { callText, Problem } from '../api/call.js';

/** What is shown of a long text, in characters; the rest is for those who download it. */
const MOST = 200_000;

/** Text as it is, markup included. */
export function TextPreview({ path }: { readonly path: string }) {
  const [text, setText] = useState<string>();
  const [problem, setProblem] = useState('');
  useEffect(() => {
    const gone = new AbortController();
    callText(path, gone.signal).then(setText, (error: unknown) => {
      if (!gone.signal.aborted)
        setProblem(error instanceof Problem ? `${error.message} ${error.advice}` : String(error));
    });
    return () => gone.abort();
  }, [path]);
  if (problem) return <PreviewProblem text={problem} path={path} />;
  if (text === undefined) return <p class="quiet paper">Loading…</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
    <article class="paper text" data-testid="text" aria-label="Text" tabIndex={0}>
      {text.slice(0, MOST)}
      {text.length > MOST && <strong> … The rest is in the download.</strong>}
    </article>
  );
}

export function PreviewProblem({ text, path }: { readonly text: string; readonly path: string }) {
  return (
    <div class="no-preview" role="alert">
      <p>The content could not be shown. {text}</p>
      <a class="button" href={path} download>
        Download
      </a>
    </div>
  );
}
