import type { Dialogs } from '../actions/dialogs';
import { fill } from '../i18n/fill';
import type { Translate } from '../i18n/translate';
import type { Attachment, Finding, Target, TargetKind } from '../server/openapi';
import pageCss from '../style/page.css?inline';
import targetsCss from '../style/targets.css?inline';
import css from '../style/view.css?inline';
import { h, setText } from '../view/dom';
import { watchSight } from '../view/sight';
import { isDark, watchTheme } from '../view/theme';
import { AttachForm } from './attach_form';
import { TargetLocale } from './locale';
import { TargetCard } from './target_card';
import { TargetList, type TargetsApi } from './target_list';

/** What the place where the targets are shown has for them. */
export interface TargetsOptions {
  readonly dialogs: Dialogs;
  readonly translate: Translate;
  /** BCP 47. */
  readonly language: string;
  /** Of which workspace they are; told where there are several. */
  readonly named?: (workspace: string) => void;
}

/** The targets of a workspace: how they are and how full; attached, tested, detached. */
export class TargetsView {
  readonly element: HTMLElement;
  private readonly locale: TargetLocale;
  private readonly list: TargetList;
  private readonly cards = new Map<string, TargetCard>();
  private readonly place = h('ul', { class: 'cellrun-target-list', role: 'list' });
  private readonly notice = h('p', { class: 'cellrun-empty', role: 'status' });
  private readonly formPlace = h('div', {});
  private readonly workspaceName = h('span', { class: 'cellrun-muted cellrun-targets-workspace' });
  private readonly attachButton: HTMLButtonElement;
  private readonly ends: (() => void)[];
  private kinds: Promise<readonly TargetKind[]> | null = null;

  constructor(
    private readonly api: TargetsApi,
    private readonly workspace: string,
    private readonly options: TargetsOptions,
  ) {
    const { dialogs, translate, language } = options;
    this.locale = new TargetLocale(translate, language, dialogs);
    const { words } = this.locale;
    this.list = new TargetList(api, workspace, () => this.draw());
    const button = (text: string, press: () => void, title = ''): HTMLButtonElement =>
      h('button', { type: 'button', class: 'cellrun-button', title, on: { click: press } }, text);
    const refresh = button(words.refresh, () => void this.list.load(true), words.refreshHow);
    this.attachButton = button(words.attachOne, () => void this.openForm(null));
    const header = h(
      'div',
      { class: 'cellrun-header cellrun-targets-header' },
      h('h2', {}, words.targets),
      this.workspaceName,
      h('span', { class: 'cellrun-space' }),
      refresh,
      this.attachButton,
    );
    this.element = h('section', {
      class: 'cellrun cellrun-targets',
      lang: language,
      'aria-label': words.targets,
    });
    const body = h('div', { class: 'cellrun-targets-body' }, this.formPlace, this.place, this.notice);
    this.element.append(h('style', {}, css, pageCss, targetsCss), header, body);
    this.ends = [watchTheme(() => this.themed()), this.whileInSight()];
    this.draw();
    void this.nameWorkspace();
  }

  /** What the page is called. */
  get title(): string {
    return this.locale.words.targets;
  }

  dispose(): void {
    for (const end of this.ends) end();
    this.list.dispose();
    this.element.remove();
  }

  /** Say of which workspace these are, where there are several. */
  private async nameWorkspace(): Promise<void> {
    const workspaces = await this.api.workspaces().catch(() => []); // what else can't be had is told by the list
    const found = workspaces.find(({ id }) => id === this.workspace);
    if (!found || workspaces.length < 2) return;
    setText(this.workspaceName, found.name);
    this.workspaceName.title = found.folder;
    this.options.named?.(found.name);
  }

  private draw(): void {
    this.themed();
    const { targets, mayChange } = this.list;
    this.attachButton.hidden = !mayChange;
    const names = new Set(targets.map(({ name }) => name));
    for (const [name, card] of this.cards) {
      if (names.has(name)) continue;
      card.element.remove();
      this.cards.delete(name);
    }
    for (const [i, target] of targets.entries()) {
      const card = this.cards.get(target.name) ?? this.makeCard(target);
      card.draw(target, mayChange);
      if (this.place.children[i] !== card.element)
        this.place.insertBefore(card.element, this.place.children[i] ?? null);
    }
    setText(this.notice, this.noticeText());
    this.notice.hidden = this.notice.textContent === '';
  }

  private noticeText(): string {
    const { words } = this.locale;
    const { isLoaded, mayChange, problem, targets } = this.list;
    if (problem !== null) return fill(words.failed, { why: problem });
    if (!isLoaded) return words.loading;
    if (!mayChange) return words.mayLook;
    return targets.some(target => target.is_attached) ? '' : words.onlyLocal;
  }

  private makeCard(target: Target): TargetCard {
    const card = new TargetCard(
      this.locale,
      {
        examine: async ({ name }) => {
          const found = await this.api.examineTarget(this.workspace, name);
          void this.list.load(true);
          return found;
        },
        detach: one => this.detach(one),
        trust: one => void this.openForm(one),
      },
      target,
    );
    this.cards.set(target.name, card);
    return card;
  }

  private async detach({ name }: Target): Promise<boolean> {
    const { dialogs, words } = this.locale;
    const question = {
      title: fill(words.detachTitle, { name }),
      lines: [words.detachLines],
      accept: words.detach,
      danger: true,
    };
    if (!(await dialogs.ask(question))) return false;
    await this.api.detachTarget(this.workspace, name);
    await this.list.load();
    this.attachButton.focus();
    return true;
  }

  /** Open the form; for one that another user attached, with what that one wrote. */
  private async openForm(others: Target | null): Promise<void> {
    this.kinds ??= this.api.targetKinds();
    try {
      const kinds = await this.kinds;
      const listener = {
        check: (attachment: Attachment) => this.api.checkTarget(this.workspace, attachment),
        attach: (attachment: Attachment, found: readonly Finding[]) => this.attach(attachment, found),
        cancel: () => this.closeForm(),
      };
      const form = new AttachForm(this.locale, kinds, listener, others);
      this.formPlace.replaceChildren(form.element);
      this.formPlace.scrollIntoView({ block: 'nearest' });
      form.focus();
    } catch (error) {
      this.kinds = null;
      this.locale.dialogs.tell(error instanceof Error ? error.message : String(error), 'error');
    }
  }

  private closeForm(): void {
    this.formPlace.replaceChildren();
    this.attachButton.focus();
  }

  private async attach(attachment: Attachment, found: readonly Finding[]): Promise<void> {
    await this.api.attachTarget(this.workspace, attachment);
    await this.list.load();
    this.formPlace.replaceChildren();
    const card = this.cards.get(attachment.name);
    card?.show(found);
    card?.focus();
  }

  private themed(): void {
    this.element.dataset.theme = isDark(this.element) ? 'dark' : 'light';
  }

  /** Ask only while the page is in sight. */
  private whileInSight(): () => void {
    let isInSight = false;
    const look = (): void => this.list.watch(isInSight && !document.hidden);
    const end = watchSight(this.element, isVisible => {
      isInSight = isVisible;
      look();
    });
    document.addEventListener('visibilitychange', look);
    return () => {
      end();
      document.removeEventListener('visibilitychange', look);
    };
  }
}
