import { find, show, until, type Shown } from './setup';

export const ESC = '\u001b';

export const numbered = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => `line ${from + i}\n`).join('');

export const lines = ({ place }: Shown): HTMLElement => find(place, '[role=log]');
export const has = (shown: Shown, wanted: string): boolean => lines(shown).innerText.includes(wanted);
export const atEnd = (shown: Shown): boolean => {
  const { scrollTop, clientHeight, scrollHeight } = lines(shown);
  return scrollTop + clientHeight >= scrollHeight - 1;
};

export async function withLog(log: string): Promise<Shown> {
  const shown = show();
  shown.kernel.tell({ reset: true, header: {}, log });

  const last =
    log
      .replace(/\u001b\[[\d;]*m/g, '')
      .trimEnd()
      .split('\n')
      .at(-1) ?? '';
  await until(() => has(shown, last), 'the log is drawn');
  return shown;
}
