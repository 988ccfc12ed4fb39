import { render } from 'preact';
import { App } from './app.js';
import { openDialog } from './dialog/open-dialog.js';
import { followLibrary } from './library/follow.js';
import { introduced } from './profile/profile.js';
import { followFacets } from './search/facets.js';
import { followSearch } from './search/results.js';
import './style/index.css';

followLibrary();
followSearch();
followFacets();
if (!introduced.peek()) openDialog.value = 'profile';

const root = document.getElementById('page');
if (root) render(<App />, root);
