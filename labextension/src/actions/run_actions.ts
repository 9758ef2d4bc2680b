/** Everything that can be done with runs: open, compare, edit, run again, cancel, delete …; how the reader is asked before. */

import { isTerminal } from '../data/protocol';
import { fill } from '../i18n/fill';
import type { Translate } from '../i18n/translate';
import { ServerError, type Api, type RunKey } from '../server/api';
import type { Row } from '../server/openapi';
import { Format } from '../view/format';
import type { Action, ActionGroup } from './action';
import { deleteRuns } from './delete_runs';
import type { Dialogs } from './dialogs';
import type { Places } from './places';
import { tagChange, tagsFromLine, tagsToLine } from './tags';
import { actionWords, type ActionWords } from './words';

/** How many runs are compared at a time. */
export const COMPARED = { least: 2, most: 20 };

/** What an action did to a workspace's runs, as far as it knows: rows as they are now, ids that are gone. */
export interface RunChange {
  readonly workspace: string;
  readonly rows: readonly Row[];
  readonly gone: readonly string[];
  /** The run that the first of the rows runs again. */
  readonly repeats?: string;
}

/**
 * What can be done with runs, wherever they are shown.
 *
 * No method throws: what went wrong is told by the dialogs, in the server's words.
 */
export class RunActions {
  private readonly words: ActionWords;
  private readonly format: Format;
  private readonly listeners = new Set<(change: RunChange) => void>();

  constructor(
    private readonly api: Api,
    private readonly dialogs: Dialogs,
    readonly places: Places,
    translate: Translate = english => english,
    language = 'en',
  ) {
    this.words = actionWords(translate);
    this.format = new Format(language);
  }

  /** Call `listener` after an action changed runs; the stream tells it too, but later. Returns how to end that. */
  onChange(listener: (change: RunChange) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** What can be done with these runs of a workspace, as groups of a menu. */
  of(workspace: string, rows: readonly Row[]): readonly ActionGroup[] {
    const [row, ...others] = rows;
    if (!row) return [];
    const groups = others.length > 0 ? [] : this.ofOne({ workspace, run: row.id }, row);
    return [...groups, ...this.ofMany(workspace, rows)].filter(group => group.length > 0);
  }

  /** Ask runs to stop, those that haven't ended; several only after a question. */
  async cancel(workspace: string, rows: readonly Row[]): Promise<void> {
    const live = rows.filter(row => !isTerminal(row.status));
    const n = String(live.length);
    if (live.length > 1) {
      const lines = live.slice(0, 10).map(row => row.display_name);
      const question = {
        title: this.say('cancelTitle', { n }),
        lines,
        accept: this.say('cancelAsked', { n }),
        danger: true,
      };
      if (!(await this.dialogs.ask(question))) return;
    }
    await Promise.all(
      live.map(async row => {
        try {
          this.changed(workspace, [await this.api.cancel({ workspace, run: row.id })]);
        } catch (error) {
          const message = messageOf(error);
          this.dialogs.tell(this.say('cancelRefused', { name: row.display_name, message }), 'error');
        }
      }),
    );
  }

  /** Submit a run's snapshot again, one that isn't this user's own only after a question. Returns the new run, or null. */
  again(workspace: string, row: Row): Promise<Row | null> {
    return this.attempt(row, async () => {
      const made = await this.submitted({ workspace, run: row.id }, row);
      if (!made) return null;
      this.changed(workspace, [made], [], row.id);
      const { places, words } = this;
      const follow = (): void => places.open?.({ workspace, run: made.id });
      const link = places.open && { label: words.open, follow };
      this.dialogs.tell(this.say('againStarted', { name: named(made) }), 'info', link);
      return made;
    });
  }

  /** The same for a run of which nothing but its key is known. */
  async againByKey(key: RunKey): Promise<Row | null> {
    try {
      const { row } = await this.api.run(key);
      return await this.again(key.workspace, row);
    } catch (error) {
      this.dialogs.tell(messageOf(error), 'error');
      return null;
    }
  }

  /** Have a run's name and tags edited. Returns the run as it is then, or null. */
  async edit(workspace: string, row: Row): Promise<Row | null> {
    const { words } = this;
    const before = tagsToLine(row.tags);
    const answer = await this.dialogs.ask({
      title: this.say('editTitle', { name: row.name }),
      lines: [],
      fields: [
        { label: words.name, value: row.display_name },
        { label: words.tags, value: before, help: words.tagsHelp },
      ],
      accept: words.save,
    });
    if (!answer) return null;
    const [name = '', line = ''] = answer;
    const change = {
      ...(name === row.display_name ? {} : { display_name: name }),
      ...(line === before ? {} : tagChange(row.tags, tagsFromLine(line))),
    };
    if (Object.keys(change).length === 0) return row;
    return this.attempt(row, async () => {
      const edited = await this.api.edit({ workspace, run: row.id }, change);
      this.changed(workspace, [edited]);
      return edited;
    });
  }

  /** Delete runs, after saying what that frees and which of them stay. Returns the ids of those that are gone. */
  async delete(workspace: string, rows: readonly Row[]): Promise<readonly string[]> {
    const { api, dialogs, words, format } = this;
    try {
      const gone = await deleteRuns({ api, dialogs, words, format }, workspace, rows);
      this.changed(workspace, [], gone);
      return gone;
    } catch (error) {
      dialogs.tell(messageOf(error), 'error');
      return [];
    }
  }

  /** Put Python into the clipboard that gets the run. */
  async copyCode(key: RunKey): Promise<void> {
    try {
      const { code } = await this.api.run(key);
      await navigator.clipboard.writeText(code);
      this.dialogs.tell(this.say('copied', { code }), 'info');
    } catch (error) {
      this.dialogs.tell(messageOf(error), 'error');
    }
  }

  openLog(key: RunKey): void {
    this.places.open?.(key, 'log');
  }

  /** Show runs beside each other. */
  compare(workspace: string, rows: readonly Row[]): void {
    this.places.compare?.(
      workspace,
      rows.map(row => row.id),
    );
  }

  private ofOne(key: RunKey, row: Row): ActionGroup[] {
    const { words, places } = this;
    const { workspace } = key;
    const go: Action[] = [];
    if (places.open) {
      go.push({ id: 'open', label: words.open, enabled: true, key: 'Enter', run: () => places.open?.(key) });
      go.push({ id: 'log', label: words.openLog, enabled: true, run: () => this.openLog(key) });
    }
    if (places.jumpToCell) {
      const run = (): void => places.jumpToCell?.(key);
      go.push({ id: 'cell', label: words.jumpToCell, ...allowed(row.cell !== null, words.noCell), run });
    }
    const repeatable = allowed(row.kind !== 'interactive', words.againInteractive);
    return [
      go,
      [
        { id: 'edit', label: words.edit, enabled: true, run: () => this.edit(workspace, row) },
        { id: 'copy', label: words.copyCode, enabled: true, run: () => this.copyCode(key) },
        { id: 'again', label: words.again, ...repeatable, run: () => this.again(workspace, row) },
      ],
    ];
  }

  private ofMany(workspace: string, rows: readonly Row[]): ActionGroup[] {
    const { words } = this;
    const comparable = rows.length >= COMPARED.least && rows.length <= COMPARED.most;
    const compare: Action[] = this.places.compare
      ? [
          {
            id: 'compare',
            label: words.compare,
            ...allowed(comparable, words.compareFew),
            run: () => this.compare(workspace, rows),
          },
        ]
      : [];
    const live = rows.some(row => !isTerminal(row.status));
    const cancel = { id: 'cancel', label: words.cancel, ...allowed(live, words.cancelEnded) };
    // one that isn't heard of may be gone with its machine: the server knows
    const deletable = rows.some(({ status }) => isTerminal(status) || status === 'NotResponding');
    const remove = {
      id: 'delete',
      label: words.delete,
      ...allowed(deletable, words.deleteLive),
      key: 'Delete',
    };
    return [
      compare,
      [
        { ...cancel, run: () => this.cancel(workspace, rows) },
        { ...remove, run: () => this.delete(workspace, rows) },
      ],
    ];
  }

  private async submitted(key: RunKey, row: Row): Promise<Row | null> {
    try {
      return await this.api.again(key);
    } catch (error) {
      if (!(error instanceof ServerError) || !error.untrusted) throw error;
      const question = {
        title: this.say('againTitle', { name: named(row) }),
        lines: [error.untrusted, this.words.againTrust],
        accept: this.words.againAccept,
        danger: true,
      };
      return (await this.dialogs.ask(question)) ? this.api.again(key, true) : null;
    }
  }

  private changed(
    workspace: string,
    rows: readonly Row[],
    gone: readonly string[] = [],
    repeats?: string,
  ): void {
    const change = { workspace, rows, gone, ...(repeats === undefined ? {} : { repeats }) };
    for (const listener of [...this.listeners]) listener(change);
  }

  private async attempt<Answer>(row: Row, act: () => Promise<Answer | null>): Promise<Answer | null> {
    try {
      return await act();
    } catch (error) {
      const message = messageOf(error);
      this.dialogs.tell(this.say('nothingDone', { name: row.display_name, message }), 'error');
      return null;
    }
  }

  private say(text: keyof ActionWords, values: Readonly<Record<string, string>>): string {
    return fill(this.words[text], values);
  }
}

/** Whether an action can be done, and why not. */
function allowed(enabled: boolean, why: string): { enabled: boolean; why?: string } {
  return enabled ? { enabled } : { enabled, why };
}

/** What tells a run from all others: its name, after what it is called. */
function named({ display_name: called, name }: Row): string {
  return called === name ? name : `${called} (${name})`;
}

/** What an error says to a reader. */
function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
