/** The portal's pages, started by the page that the server sends: its body's data say which one. */

import { Portal } from './portal/portal';

// The page is sent in no language in particular: the browser's is the reader's.
document.documentElement.lang = navigator.language;
void new Portal(document.body.dataset).start();
