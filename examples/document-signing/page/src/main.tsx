import { render } from 'preact';
import { App } from './app.js';
import './style/base.css';
import './style/documents.css';

const root = document.getElementById('page');
if (root) render(<App />, root);
