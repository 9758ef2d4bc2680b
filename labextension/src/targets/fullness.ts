import { fill } from '../i18n/fill';
import type { Fullness } from '../server/openapi';
import { h } from '../view/dom';
import type { TargetLocale } from './locale';

/** How full a target is: what of each resource is in use, how many runs there are. It keeps its place while unknown. */
export function fullnessOf({ words, format }: TargetLocale, fullness: Fullness | null): HTMLElement {
  const count = (n: number): string => format.count(n);
  const bytes = (n: number): string => format.bytes(n);
  const resource = (
    label: string,
    say: (n: number) => string,
    of: 'cpus' | 'gpus' | 'memory_bytes',
  ): Node => {
    if (!fullness) return fact(label, words.unknown);
    const [used, most] = [fullness.in_use[of], fullness.capacity[of]];
    if (most === 0) return fact(label, words.none);
    return fact(label, fill(words.used, { used: say(used), most: say(most) }), gauge(used / most));
  };
  const runs = (label: string, n: number | undefined): Node =>
    fact(label, n === undefined ? words.unknown : count(n));
  return h(
    'dl',
    { class: 'cellrun-fullness cellrun-numbers' },
    resource(words.cpus, count, 'cpus'),
    resource(words.gpus, count, 'gpus'),
    resource(words.memory, bytes, 'memory_bytes'),
    runs(words.running, fullness?.running),
    runs(words.waiting, fullness?.waiting),
  );
}

function fact(label: string, value: string, ...more: Node[]): HTMLElement {
  return h('div', {}, h('dt', {}, label), h('dd', {}, value, ...more));
}

/** A bar that says again what stands above it in numbers. */
function gauge(share: number): HTMLElement {
  const filled = h('span');
  filled.style.width = `${Math.min(1, Math.max(0, share)) * 100}%`;
  return h('span', { class: 'cellrun-gauge', 'aria-hidden': 'true' }, filled);
}
