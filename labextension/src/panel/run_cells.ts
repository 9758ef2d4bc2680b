import type { Status } from '../data/protocol';
import { fill } from '../i18n/fill';
import type { Row } from '../server/openapi';
import { h, setAttribute, setText } from '../view/dom';
import { fit } from '../view/fit';
import { clock } from '../view/format';
import { saidHere } from '../view/said';
import { setName } from '../view/name';
import { coloursOf } from '../view/charts/run_colours';
import { statusIcon } from '../view/status_icon';
import type { PanelLocale } from './locale';
import type { RunLine } from './run_rows';
import { Sparkline } from './sparkline';
import { elapsedOf } from './stage';

const CELL = { role: 'gridcell' };

/** What a line shows of a run: state, name, time, value, course. Wide ones: tags, parameters and when it was submitted too. */
export class RunCells {
  private readonly icon = h('span', { class: 'cellrun-run-icon' });
  private readonly word = h('span', { class: 'cellrun-unseen' });
  private readonly state = h('span', { ...CELL, class: 'cellrun-state' }, this.icon, this.word);
  private readonly link = h('a', {
    class: 'cellrun-run-link',
    dir: 'auto',
    tabindex: -1,
    draggable: 'false',
  });
  private readonly twist = h('button', { type: 'button', class: 'cellrun-run-twist', tabindex: -1 });
  private readonly name = h('span', { ...CELL, class: 'cellrun-run-name' }, this.twist, this.link);
  private readonly tags = h('span', { ...CELL, class: 'cellrun-run-tags cellrun-muted', dir: 'auto' });
  private readonly created = h('span', { ...CELL, class: 'cellrun-run-created cellrun-muted' });
  private readonly time = h('span', { ...CELL, class: 'cellrun-run-time cellrun-muted cellrun-numbers' });
  private readonly value = h('span', { ...CELL, class: 'cellrun-run-value cellrun-numbers' });
  private readonly spark = new Sparkline();
  private readonly course = h('span', { ...CELL, class: 'cellrun-run-spark' });
  readonly elements = [this.state, this.name, this.tags, this.created, this.time, this.value, this.course];
  private status: Status | null = null;

  constructor(private readonly locale: PanelLocale) {
    this.course.append(this.spark.element);
    this.time.title = locale.words.elapsed;
    this.created.title = locale.words.created;
  }

  draw(line: RunLine): void {
    const { locale } = this;
    const { row } = line;
    const { metric } = line.group;
    this.drawFamily(line);
    this.drawState(row.status);
    setName(this.link, row.display_name);
    setAttribute(this.link, 'href', locale.href(row.id));
    const named = row.display_name === row.name ? row.name : `${row.display_name} (${row.name})`;
    setAttribute(this.name, 'title', named);
    const tags = describe(row);
    setText(this.tags, tags);
    setAttribute(this.tags, 'title', tags);
    setText(this.created, locale.date(row.created_at));
    const reason = saidHere(row.reason ?? '');
    const elapsed = this.elapsed(row);
    const waits = (row.status === 'Queued' || row.status === 'Preparing') && reason !== '';
    fit(this.time, waits ? [reason, reason.split(BEFORE).at(-1) ?? '', elapsed] : [elapsed]);
    setAttribute(this.time, 'data-waits', waits ? '' : null);
    setAttribute(
      this.state,
      'title',
      [locale.status[row.status], reason, waits ? '' : elapsed].filter(Boolean).join(' · '),
    );
    const value = metric !== null && Object.hasOwn(row.metrics, metric) ? row.metrics[metric] : undefined;
    const texts = value === undefined ? [''] : locale.format.shorter(value);
    fit(this.value, texts);
    setAttribute(this.value, 'title', value === undefined ? null : `${metric ?? ''} ${texts[0] ?? ''}`);
    setAttribute(this.time, 'data-alone', value === undefined ? '' : null);
    const points = metric !== null && Object.hasOwn(row.sparks, metric) ? row.sparks[metric] : undefined;
    const [colour = 0] = coloursOf([row]);
    this.spark.draw(points ?? NONE, colour);
  }

  /** How far below others it stands, and what stands below it. */
  private drawFamily({ depth, children, isOpen }: RunLine): void {
    const { words, format } = this.locale;
    this.state.style.marginInlineStart = depth === 0 ? '' : `${Math.min(depth, DEEPEST) * STEP_PX}px`;
    this.twist.hidden = children === 0;
    setText(this.twist, children === 0 ? '' : `${isOpen ? '▾' : '▸'} ${format.count(children)}`);
    const label = fill(words.children, { n: format.count(children) });
    setAttribute(this.twist, 'title', label);
    setAttribute(this.twist, 'aria-label', label);
    setAttribute(this.twist, 'aria-expanded', String(isOpen));
  }

  private drawState(status: Status): void {
    if (status === this.status) return;
    this.status = status;
    this.icon.replaceChildren(statusIcon(status));
    setText(this.word, this.locale.status[status]);
    this.state.dataset.status = status;
  }

  /** How long it took or takes; before it has begun, what it waits for. */
  private elapsed(row: Row): string {
    const waiting = WAITING.find(one => one === row.status);
    if (waiting !== undefined) return this.locale.words.waiting[waiting];
    const elapsed = elapsedOf(row);
    return elapsed === null ? '' : clock(elapsed);
  }
}

/** A run stands so far to the right of the one that it stands below, and no more than so many steps: names need room. */
const STEP_PX = 14;
const DEEPEST = 4;

/** Stands before how many runs wait before this one. */
const BEFORE = ' · ';

const WAITING = ['NotStarted', 'Preparing', 'Queued', 'Starting'] as const;

const NONE: readonly (number | null)[] = [];

/** A run's tags and parameters in one line. */
function describe({ tags, parameters }: Row): string {
  const marks = Object.entries(tags).map(([name, value]) => (value === null ? name : `${name}=${value}`));
  const values = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
  return [...marks, ...values].join(' · ');
}
