/** Somebody's HTML in a frame without origin and network. */

import shell from './frame.html?raw';
import { h } from './dom';
import { isDark, watchTheme } from './theme';

/** What a page in a frame is made of and shown with. */
export interface FrameOptions {
  /** What the frame is called for those who don't see it. */
  readonly title: string;
  /** As high as its content, between these; else as high as its place. In CSS pixels. */
  readonly height?: readonly [least: number, most: number];
  /** Where `frame.html` is, in a page whose policy would forbid scripts in a frame made here: the portal's. */
  readonly url?: string | undefined;
}

/** Told to us by what is in a frame, which may be anything: it is taken for a height, within bounds. */
interface Told {
  readonly cellrunHeight?: unknown;
}

/**
 * Somebody's HTML, shown in a frame that has no origin, no network and no way out of its place.
 *
 * There are two frames, one in the other. The outer one's policy forbids every address, also to go to: the inner one, which
 * has the page, inherits it. A page that isn't a whole document gets the colours and fonts of what is around it.
 */
export class Frame {
  readonly element: HTMLIFrameElement;
  private readonly endWatching: () => void;
  private dark: boolean | null = null;

  constructor(
    private readonly page: string,
    private readonly options: FrameOptions,
  ) {
    const { title, height, url } = options;
    const place = url === undefined ? { srcdoc: shell } : { src: url };
    const guards = { sandbox: 'allow-scripts', referrerpolicy: 'no-referrer', loading: 'lazy' };
    this.element = h('iframe', { class: 'cellrun-frame', title, ...guards, ...place });
    // A document may fill what place it finds, as plotly's do; a part has a height of its own.
    if (height) this.element.style.height = `${height[isWhole(page) ? 1 : 0]}px`;
    this.element.addEventListener('load', () => this.fill());
    addEventListener('message', this.told);
    this.endWatching = watchTheme(() => this.themed());
  }

  dispose(): void {
    removeEventListener('message', this.told);
    this.endWatching();
    this.element.remove();
  }

  private themed(): void {
    if (this.dark !== null && !isWhole(this.page) && isDark(this.element) !== this.dark) this.fill();
  }

  private fill(): void {
    this.dark = isDark(this.element);
    const head = isWhole(this.page) ? `${doctypeOf(this.page)}${WHOLE}` : partStyle(this.element);
    // No origin can be named here: the frame has none.
    this.element.contentWindow?.postMessage(`${head}${TELL}${this.page}`, '*');
  }

  private readonly told = ({ source, data }: MessageEvent<unknown>): void => {
    const { height } = this.options;
    const shell = this.element.contentWindow;
    // A page's own frames stand elsewhere; to ask for one that isn't there yet is an error.
    if (!height || !shell || shell.length === 0 || source !== shell[0]) return;
    const told = (data as Told | null)?.cellrunHeight;
    if (typeof told !== 'number' || !Number.isFinite(told)) return;
    this.element.style.height = `${Math.min(Math.max(Math.ceil(told), height[0]), height[1])}px`;
  };
}

/** A document that looks as it wants to, on the white that browsers give it. */
const WHOLE = '<style>html{background:#fff;color-scheme:light}</style>';

/**
 * Tells the height of what there is, at each change; lets a page scroll only if more than a margin has no room, so that it
 * doesn't take the wheel for nothing; and keeps a link from leading to an address that is forbidden.
 */
const TELL = `<script>addEventListener('DOMContentLoaded', () => {
const root = document.documentElement;
const tell = () => {
root.style.overflowY = root.scrollHeight - innerHeight > 24 ? 'auto' : 'hidden';
const cellrunHeight = document.body.getBoundingClientRect().bottom + scrollY + 8 + innerHeight - root.clientHeight;
parent.parent.postMessage({ cellrunHeight }, '*'); };
new ResizeObserver(tell).observe(document.body); addEventListener('resize', tell); tell(); });
addEventListener('click', event => {
const link = event.target.closest?.('a[href]'); if (link && !link.getAttribute('href').startsWith('#')) event.preventDefault();
});</script>`;

/** Without one, a browser measures heights in another way: a page has it as it was made for. */
function doctypeOf(page: string): string {
  return /^\s*<!doctype[^>]*>/i.exec(page)?.[0] ?? '';
}

function isWhole(page: string): boolean {
  return /<(?:html|body)[\s>]/i.test(page.slice(0, 4000));
}

/** The style of what isn't a whole document: a table of pandas, a text in Markdown. */
function partStyle(near: Element): string {
  const styles = getComputedStyle(near);
  const colour = (name: string): string => computed(near, `var(--cellrun-${name})`);
  const [text, muted, border, link, strong] = ['text', 'muted', 'border', 'link', 'strong'].map(colour);
  const stripe = computed(near, 'var(--cellrun-hover)');
  return `<!doctype html><style>
:root { color: ${text}; font: 13px/1.5 ${fontOf(styles)}; scrollbar-color: ${border} transparent; }
body { margin: 8px; overflow-wrap: break-word; }
a { color: ${link}; }
h1, h2, h3, h4 { margin: 16px 0 8px; color: ${strong}; line-height: 1.25; }
h1 { font-size: 20px; } h2 { font-size: 17px; } h3 { font-size: 15px; } h4 { font-size: 13px; }
body > :first-child { margin-top: 0; } body > :last-child { margin-bottom: 0; }
table { border: 0; border-collapse: collapse; font-size: 12px; font-variant-numeric: tabular-nums; }
th, td { border: 0; padding: 4px 8px; text-align: end; vertical-align: middle; }
thead { border-bottom: 1px solid ${border}; }
tbody tr:nth-child(odd) { background: ${stripe}; }
img, svg { max-width: 100%; }
pre, code { font-family: monospace; font-size: 12px; }
pre { border: 1px solid ${border}; padding: 8px; overflow: auto; }
blockquote { margin: 8px 0; border-inline-start: 3px solid ${border}; padding-inline-start: 12px; color: ${muted}; }
hr { border: 0; border-top: 1px solid ${border}; }
</style>`;
}

function computed(near: Element, colour: string): string {
  const probe = h('span');
  probe.style.color = colour;
  near.after(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

/** Without what could end a style sheet: a page names its own fonts. */
function fontOf({ fontFamily }: CSSStyleDeclaration): string {
  return fontFamily.replace(/[<>{};]/g, '');
}
