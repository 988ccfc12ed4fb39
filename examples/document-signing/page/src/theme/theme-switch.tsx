import { Icon } from '../icon/icon.js';
import { THEMES, theme } from './theme.js';

/** One button for three: as the machine has it, light, dark. */
export function ThemeSwitch() {
  const next = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? 'system';
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={`Theme: ${theme.value}. Switch to ${next}`}
      title={`Theme: ${theme.value}`}
      onClick={() => {
        theme.value = next;
      }}
    >
      <Icon name={theme.value} />
    </button>
  );
}
