import { fill } from '../i18n/fill';
import type { Attachment, Finding, Target, TargetCheck, TargetKind } from '../server/openapi';
import { facts } from '../page/section';
import { h } from '../view/dom';
import { withCode } from '../view/with_code';
import type { TargetLocale } from './locale';
import { areWell, findingsList } from './findings';
import { FormField, SettingField, textControl } from './form_field';

/** What the form asks for. Each rejects with why it couldn't be done. */
export interface FormListener {
  check(attachment: Attachment): Promise<TargetCheck>;
  /** `found`: what the test found. */
  attach(attachment: Attachment, found: readonly Finding[]): Promise<void>;
  cancel(): void;
}

/** A form that attaches a target once it was tested; with `others` one that another user attached, as it is. */
export class AttachForm {
  readonly element: HTMLFormElement;
  private readonly name: FormField;
  private readonly kind: FormField;
  private readonly settings = h('div', { class: 'cellrun-form-settings' });
  private readonly said = h('div', { class: 'cellrun-form-said', role: 'status' });
  private readonly buttons;
  private fields: readonly SettingField[] = [];
  /** What was tested, as it was written then. */
  private tested: { readonly attachment: Attachment; readonly found: readonly Finding[] } | null = null;
  /** Counts what was written: an answer to something older is of no use. */
  private version = 0;
  private isBusy = false;

  constructor(
    private readonly locale: TargetLocale,
    private readonly kinds: readonly TargetKind[],
    private readonly listener: FormListener,
    private readonly others: Target | null = null,
  ) {
    const { words } = locale;
    this.name = new FormField(words.name, words.needed, words.nameHelp, textControl());
    this.kind = new FormField(words.kind, words.needed, words.kindHelp, this.kindControl());
    this.kind.control.addEventListener('change', () => this.askSettings());
    const button = (text: string, press: () => void, look = 'cellrun-button'): HTMLButtonElement =>
      h('button', { type: 'button', class: look, on: { click: press } }, text);
    this.buttons = {
      test: h('button', { type: 'submit', class: 'cellrun-button' }, words.test),
      attach: button(others ? words.trustAndAttach : words.attach, () => void this.attach()),
      cancel: button(words.cancel, () => listener.cancel()),
      anyway: button(words.attachAnyway, () => void this.attach(), 'cellrun-link'),
    };
    const { test, attach, cancel, anyway } = this.buttons;
    const row = h('div', { class: 'cellrun-form-buttons' }, test, attach, cancel, anyway);
    const title = others ? fill(words.trustTitle, { name: others.name }) : words.formTitle;
    const heading = h('h3', {}, title);
    this.element = h('form', { class: 'cellrun-form', novalidate: true, 'aria-label': title });
    this.element.append(heading, ...this.asked(), this.said, row);
    this.element.addEventListener('submit', event => {
      event.preventDefault();
      void this.test();
    });
    this.element.addEventListener('input', () => this.changed());
    this.element.addEventListener('keydown', event => {
      if (event.key === 'Escape') listener.cancel();
    });
    this.offer();
  }

  /** Put the keyboard to the first field. */
  focus(): void {
    (this.others ? this.buttons.test : this.name.control).focus();
  }

  private asked(): HTMLElement[] {
    const { locale, others } = this;
    const { words } = locale;
    if (others?.others) {
      const { kind, settings, why } = others.others;
      const alert = fill(words.trust, { why: locale.said(why) });
      const rows = Object.entries(settings).map(
        ([name, value]) => [name, h('code', {}, plain(value))] as const,
      );
      return [
        h('div', { class: 'cellrun-alert' }, alert),
        facts([[words.name, others.name], [words.kind, kind], ...rows]),
      ];
    }
    return [this.name.element, this.kind.element, this.settings];
  }

  private kindControl(): HTMLSelectElement {
    const { locale } = this;
    const { words } = locale;
    const options = this.kinds.map(({ name, about, why_not: whyNot }) => {
      const text = about === '' ? name : fill(words.kindLine, { name, about: locale.said(about) });
      return h(
        'option',
        { value: name, ...(whyNot === null ? {} : { disabled: true, title: whyNot }) },
        text,
      );
    });
    return h('select', { class: 'cellrun-input' }, h('option', { value: '' }, words.chooseKind), ...options);
  }

  /** Ask for the settings of the kind that was chosen. */
  private askSettings(): void {
    const { locale } = this;
    const kind = this.kinds.find(({ name }) => name === this.kind.control.value);
    const needed = (asked: { is_needed: boolean }): number => (asked.is_needed ? 0 : 1);
    const settings = [...(kind?.settings ?? [])].sort((one, other) => needed(one) - needed(other));
    this.fields = settings.map(asked => new SettingField(asked, locale.said(asked.meaning), locale.words));
    const note = h('p', { class: 'cellrun-muted' }, locale.words.noSecret);
    this.settings.replaceChildren(...this.fields.map(({ element }) => element), ...(kind ? [note] : []));
  }

  private get attachment(): Attachment {
    const { others } = this;
    if (others?.others)
      return { name: others.name, kind: others.others.kind, settings: others.others.settings };
    const written = this.fields.map(field => [field.asked.name, field.value] as const);
    return {
      name: this.name.control.value.trim(),
      kind: this.kind.control.value,
      settings: Object.fromEntries(written.filter(([, value]) => value !== undefined)),
    };
  }

  /** Something else is written now: what was found isn't true of it. */
  private changed(): void {
    this.version++;
    if (this.tested) this.said.replaceChildren(h('p', {}, this.locale.words.changed));
    this.tested = null;
    this.offer();
  }

  private offer(): void {
    const { test, attach, anyway } = this.buttons;
    const isWell = this.tested !== null && areWell(this.tested.found);
    test.disabled = this.isBusy;
    attach.disabled = this.isBusy || !isWell;
    const { testFirst, notWell } = this.locale.words;
    attach.title = isWell ? '' : this.tested ? notWell : testFirst;
    anyway.hidden = this.isBusy || this.tested === null || isWell;
    this.element.ariaBusy = String(this.isBusy);
  }

  private async test(): Promise<void> {
    if (this.isBusy || !this.checkHere()) return;
    const { words } = this.locale;
    const { attachment, version } = this;
    this.tested = null;
    await this.busy(words.testing, words.testFailed, async () => {
      const { problems, findings } = await this.listener.check(attachment);
      if (version !== this.version) {
        this.said.replaceChildren(h('p', {}, words.changed));
        return;
      }
      if (this.sayProblems(problems)) return;
      this.tested = { attachment, found: findings };
      this.said.replaceChildren(...findingsList(this.locale, findings));
    });
  }

  private async attach(): Promise<void> {
    const { tested } = this;
    const { words } = this.locale;
    if (this.isBusy || !tested) return;
    await this.busy(words.attaching, words.notAttached, () =>
      this.listener.attach(tested.attachment, tested.found),
    );
  }

  /** Look at what can be seen without a server; the keyboard goes to the first field that isn't right. */
  private checkHere(): boolean {
    if (this.others) return true;
    const { words } = this.locale;
    for (const field of [this.name, this.kind])
      field.say(field.control.value.trim() === '' ? words.fillIn : '');
    for (const field of this.fields) field.say(field.check());
    return !this.toProblem();
  }

  /** Say what is wrong beside the fields; returns whether anything is. */
  private sayProblems({ name, kind, settings, others }: TargetCheck['problems']): boolean {
    const { locale } = this;
    this.name.say(locale.said(name));
    this.kind.say(locale.said(kind));
    const shown = new Set(this.fields.map(({ asked }) => asked.name));
    for (const field of this.fields) field.say(locale.said(settings[field.asked.name] ?? ''));
    const rest = Object.entries(settings).filter(([setting]) => this.others !== null || !shown.has(setting));
    const elsewhere = [...(this.others ? [name, kind] : []), ...rest.map(([, why]) => why), others].filter(
      Boolean,
    );
    this.said.replaceChildren(...elsewhere.map(why => alert(locale.said(why))));
    return this.toProblem() || elsewhere.length > 0;
  }

  private toProblem(): boolean {
    const first = [this.name, this.kind, ...this.fields].find(field => field.hasProblem);
    first?.control.focus();
    return first !== undefined;
  }

  private async busy(meanwhile: string, failed: string, what: () => Promise<void>): Promise<void> {
    this.isBusy = true;
    this.said.replaceChildren(h('p', { class: 'cellrun-muted' }, meanwhile));
    this.offer();
    try {
      await what();
    } catch (error) {
      this.said.replaceChildren(
        alert(fill(failed, { why: error instanceof Error ? error.message : String(error) })),
      );
    }
    this.isBusy = false;
    this.offer();
  }
}

function alert(text: string): HTMLElement {
  return h('div', { class: 'cellrun-alert', 'data-error': true }, ...withCode(text));
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
