import { useState } from 'preact/hooks';
import { STATUSES } from '../../../src/document/status.js';
import { FACETS, type Facet, type FacetValue } from '../api/search.js';
import { contentTypeName } from '../format/content-type.js';
import { Icon } from '../icon/icon.js';
import { go, route } from '../route/route.js';
import { facets } from '../search/facets.js';

const TITLES: Readonly<Record<Facet, string>> = { status: 'Status', content_type: 'Type', created_by: 'Created by' };
const MOST = 8;

export function valueName(facet: Facet, key: string): string {
  if (facet !== 'content_type') return key;
  return contentTypeName(
    key,
    facets.value.content_type.map((other) => other.key),
  );
}

/** The values that documents have, how many have each, and which are chosen. On a narrow page it is folded away at first. */
export function FilterPanel() {
  const [open, setOpen] = useState(false);
  return (
    <aside class="filters" aria-label="Filters">
      <button
        type="button"
        class="filters-toggle"
        aria-expanded={open}
        aria-controls="filter-groups"
        onClick={() => setOpen(!open)}
      >
        <Icon name="filter" />
        Filters
      </button>
      <div id="filter-groups" class={open ? 'open' : ''}>
        {FACETS.map((facet) => (
          <FilterGroup key={facet} facet={facet} />
        ))}
      </div>
    </aside>
  );
}

function FilterGroup({ facet }: { readonly facet: Facet }) {
  const chosen = route.value[facet];
  const values = valuesOf(facet, chosen);
  const most = Math.max(1, ...values.map(({ count }) => count));
  if (values.length === 0) return null;
  return (
    <fieldset class="filter-group" data-facet={facet}>
      <legend>{TITLES[facet]}</legend>
      <ul>
        {values.map(({ key, count }) => (
          <li key={key}>
            <button
              type="button"
              class={`filter ${facet === 'status' ? `status-tone ${key}` : ''}`}
              aria-pressed={key === chosen}
              onClick={() => go({ [facet]: key === chosen ? '' : key })}
            >
              <span class="filter-bar" aria-hidden="true" style={{ width: `${(100 * count) / most}%` }} />
              <span class="filter-name">{valueName(facet, key)}</span>
              <span class="filter-count">
                {count}
                <span class="visually-hidden"> documents</span>
              </span>
            </button>
          </li>
        ))}
      </ul>
    </fieldset>
  );
}

/** The most frequent first, statuses in the order of their life; what is chosen stays in sight when nothing has it. */
function valuesOf(facet: Facet, chosen: string): readonly FacetValue[] {
  const found = facets.value[facet].filter(({ count }) => count > 0);
  const all = chosen === '' || found.some(({ key }) => key === chosen) ? found : [...found, { key: chosen, count: 0 }];
  if (facet !== 'status') return all.slice(0, MOST).concat(all.slice(MOST).filter(({ key }) => key === chosen));
  const order: readonly string[] = STATUSES;
  return [...all].sort((a, b) => order.indexOf(a.key) - order.indexOf(b.key));
}
