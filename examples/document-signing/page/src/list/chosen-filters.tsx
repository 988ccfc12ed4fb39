import { FACETS } from '../api/search.js';
import { Icon } from '../icon/icon.js';
import { go, route } from '../route/route.js';
import { valueName } from './filters.js';

/** What the list is narrowed by, each with its way out. */
export function ChosenFilters() {
  const chosen = FACETS.filter((facet) => route.value[facet] !== '');
  if (chosen.length === 0) return null;
  return (
    <ul class="chips" aria-label="Chosen filters">
      {chosen.map((facet) => (
        <li key={facet}>
          <button
            type="button"
            class={`chip ${facet}-chip`}
            aria-label={`${valueName(facet, route.value[facet])}, remove this filter`}
            onClick={() => go({ [facet]: '' })}
          >
            <span>{valueName(facet, route.value[facet])}</span>
            <Icon name="close" />
          </button>
        </li>
      ))}
    </ul>
  );
}
