import type { Header } from '../data/protocol';
import type { Need } from '../server/types';
import { h } from '../view/dom';
import type { Extra } from './files_pane';
import type { PageContext } from './page_context';
import { table } from './section';

/** What travelled with a cell, as a table: the account that `%%submit --dry` shows before. */
export function travelledExtra(needs: readonly Need[], { travelled }: Header, context: PageContext): Extra {
  const { page, format } = context;
  const note = travelled ? format.bytes(travelled.bytes) : '';
  return { name: 'travelled', label: page.travelled, note, show: () => needsTable(needs, context) };
}

function needsTable(needs: readonly Need[], { page, format }: PageContext): HTMLElement {
  const rows = needs.map(({ name, what, bytes, place, how, note }) => [
    h('code', {}, name),
    what,
    h('span', { class: 'cellrun-numbers' }, bytes === 0 ? '' : format.bytes(bytes)),
    place,
    h('span', {}, how, ' ', h('span', { class: 'cellrun-muted' }, note)),
  ]);
  const headings = [page.name, page.what, page.size, page.neededBy, page.travelsAs];
  const shown = table(page.travelled, headings, rows);
  shown.classList.add('cellrun-travelled-table');
  return shown;
}
