import { ConnectionBadge } from './connection/connection-badge.js';
import { CreateForm } from './documents/create-form.js';
import { DocumentList } from './documents/document-list.js';
import { EmptyState } from './documents/empty-state.js';
import { useFeed } from './feed/use-feed.js';

/** The whole page: a form, and the list that the change stream keeps. */
export function App() {
  const feed = useFeed();
  const count = feed.documents.length;
  return (
    <>
      <header class="top">
        <div class="top-inner">
          <h1>Documents</h1>
          <ConnectionBadge connection={feed.connection} tryNow={feed.tryNow} />
        </div>
      </header>
      <main>
        <CreateForm />
        {feed.problem && (
          <p class="notice problem" role="alert">
            {feed.problem}
          </p>
        )}
        <section aria-labelledby="list-heading">
          <div class="list-heading">
            <h2 id="list-heading">All documents</h2>
            {feed.loaded && count > 0 && <span class="count">{feed.truncated ? `newest ${count}` : count}</span>}
          </div>
          {feed.loaded && count === 0 && <EmptyState />}
          {!feed.loaded && !feed.problem && <p class="loading">Loading…</p>}
          {count > 0 && <DocumentList documents={feed.documents} changes={feed.changes} />}
        </section>
        <p class="visually-hidden" aria-live="polite">
          {feed.announcement}
        </p>
      </main>
    </>
  );
}
