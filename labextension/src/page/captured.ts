import type { Header } from '../data/protocol';
import account from '../i18n/ja/account.json';
import { Templates } from '../i18n/templates';
import type { Need } from '../server/openapi';
import { h } from '../view/dom';
import type { Extra } from './files_pane';
import type { PageLocale } from './locale';
import { table } from './section';

/** What the account says of kinds and places, held against Python's sources as `i18n/said.ts` is. */
const WORDS = new Templates(account);

/** What was captured with a cell, as a table: the account that `%%submit --dry` shows before. */
export function capturedExtra(needs: readonly Need[], { captured }: Header, locale: PageLocale): Extra {
  const { page, format } = locale;
  const note = captured ? format.bytes(captured.bytes) : '';
  return { name: 'captured', label: page.captured, note, show: () => needsTable(needs, locale) };
}

function needsTable(needs: readonly Need[], { page, format, translate }: PageLocale): HTMLElement {
  const said = (text: string): string => WORDS.said(text, translate);
  const rows = needs.map(({ name, what, bytes, place, how, note }) => [
    h('code', {}, name),
    said(what),
    h('span', { class: 'cellrun-numbers' }, bytes === 0 ? '' : format.bytes(bytes)),
    said(place),
    h('span', {}, said(how), ' ', h('span', { class: 'cellrun-muted' }, said(note))),
  ]);
  const headings = [page.name, page.what, page.size, page.neededBy, page.capturedAs];
  const shown = table(page.captured, headings, rows);
  shown.classList.add('cellrun-captured-table');
  return shown;
}
