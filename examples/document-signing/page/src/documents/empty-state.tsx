/** What to do when there is nothing yet. */
export function EmptyState() {
  const command = `curl -s ${location.origin}/documents -H 'content-type: application/json' \\
  -d '{"title":"Lease agreement","content":"Between …","created_by":"ada@example.com"}'`;
  return (
    <div class="card empty">
      <p class="empty-title">No documents yet</p>
      <p class="quiet">Create one above, or from a terminal, and watch it appear here:</p>
      <pre>
        <code>{command}</code>
      </pre>
    </div>
  );
}
