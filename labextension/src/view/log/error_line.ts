import { lineText } from '../../data/line';
import type { LogBuffer } from '../../data/log_buffer';
import type { Header } from '../../data/protocol';

/** A traceback's last line is looked for in so many lines: what prints after it is little. */
const LINES = 200;

/** The number of the log's line that says why a run failed; -1 if there is none. */
export function errorLine(log: LogBuffer, header: Header | null): number {
  const message = header?.error?.message.split('\n', 1)[0]?.replace(/…$/, '') ?? '';
  if (message === '') return -1;
  for (let number = log.last - 1; number >= Math.max(log.first, log.last - LINES); number--) {
    if (lineText(log.line(number)).trim().startsWith(message)) return number;
  }
  return -1;
}
