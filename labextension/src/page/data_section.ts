import { fill } from '../i18n/fill';
import type { RunDetails } from '../server/openapi';
import type { PageLocale } from './locale';
import { section, table } from './section';

/** A run's inputs and outputs; nothing of a run without data. */
export function dataSection({ data }: RunDetails, { page, format }: PageLocale): HTMLElement[] {
  if (data.length === 0) return [];
  const rows = data.map(({ name, side, what, registered, mode, files, bytes }) => [
    name,
    page[side],
    registered === '' ? what : fill(page.registeredAs, { what, name: registered }),
    page.modes[mode],
    sizeOf(files, bytes),
  ]);
  const headings = [page.name, page.direction, page.dataset, page.howGiven, page.size];
  return [section(page.data, table(page.data, headings, rows))];

  function sizeOf(files: number | null, bytes: number | null): string {
    if (files === null || bytes === null) return '';
    const words = files === 1 ? page.fileCount : page.filesCount;
    return fill(words, { n: format.count(files), size: format.bytes(bytes) });
  }
}
