import type { DocumentStats } from '../api/documents.js';

/** How often it was opened, and from how many addresses. */
export function Stats({ stats }: { readonly stats: DocumentStats | undefined }) {
  return (
    <dl class="stats" data-testid="stats">
      <div>
        <dt>Views</dt>
        <dd>{stats?.total_views ?? '–'}</dd>
      </div>
      <div>
        <dt>Viewers</dt>
        <dd>{stats?.unique_views ?? '–'}</dd>
      </div>
    </dl>
  );
}
