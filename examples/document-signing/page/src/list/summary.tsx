import { facets } from '../search/facets.js';

const GROUPS = [
  { name: 'All', of: undefined },
  { name: 'To sign', of: ['created', 'sent', 'viewed'] },
  { name: 'Signed', of: ['signed', 'completed'] },
  { name: 'Closed', of: ['cancelled', 'archived'] },
] as const;

/** The state of everything in four numbers. */
export function Summary() {
  const counts = facets.value.status;
  return (
    <dl class="summary" aria-label="Documents by state">
      {GROUPS.map(({ name, of }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {counts
              .filter(({ key }) => of === undefined || (of as readonly string[]).includes(key))
              .reduce((sum, { count }) => sum + count, 0)}
          </dd>
        </div>
      ))}
    </dl>
  );
}
