import { fill } from '../i18n/fill';
import type { RunDetails } from '../server/openapi';
import { h } from '../view/dom';
import type { PageLocale } from './locale';
import { part, parts, numberOf, textOf, textsOf } from './recorded';
import { facts, nothing, section } from './section';

/** What a run ran on: Python, machine, packages. */
export function environmentSection(details: RunDetails, locale: PageLocale): HTMLElement {
  const { page } = locale;
  const { environment, record } = details;
  const python = part(environment, 'python');
  const rows = [
    [page.python, [textOf(python, 'implementation'), textOf(python, 'version')].filter(Boolean).join(' ')],
    [page.interpreter, textOf(python, 'executable') || textOf(record, 'python')],
    ...machine(details, locale),
  ] as const;
  const problems = textsOf(environment, 'problems').join('\n');
  return section(
    page.environment,
    facts([...rows, [page.problems, problems]]),
    environment === null ? nothing(page.notRecorded) : packages(part(environment, 'packages'), locale),
  );
}

function machine({ environment }: RunDetails, { page, format }: PageLocale): (readonly [string, string])[] {
  const host = part(environment, 'host');
  const cpus = numberOf(host, 'cpus');
  const memory = numberOf(host, 'memory_bytes');
  const cpu = textOf(host, 'cpu');
  const gpus = parts(environment, 'gpus').map(gpu => {
    const bytes = numberOf(gpu, 'memory_bytes');
    return [textOf(gpu, 'name'), bytes === null ? '' : format.bytes(bytes)].filter(Boolean).join(', ');
  });
  return [
    [page.host, textOf(host, 'name')],
    [page.system, textOf(host, 'os')],
    [
      page.processor,
      cpus === null ? cpu : fill(page.processors, { cpu: cpu || page.processor, n: format.count(cpus) }),
    ],
    [page.memory, memory === null ? '' : format.bytes(memory)],
    [page.gpu, gpus.join('\n')],
  ];
}

/** The installed packages, with a filter by name. */
function packages(versions: Readonly<Record<string, unknown>>, { page, format }: PageLocale): HTMLElement {
  const names = Object.keys(versions).sort((a, b) => a.localeCompare(b));
  const input = h('input', {
    type: 'search',
    class: 'cellrun-input',
    placeholder: page.filterPackages,
    'aria-label': page.filterPackages,
  });
  const title = fill(page.packages, { n: format.count(names.length) });
  const list = h('div', { class: 'cellrun-packages', role: 'region', tabindex: 0, 'aria-label': title });
  const show = (): void => {
    const text = input.value.trim();
    const found = names.filter(name => name.toLowerCase().includes(text.toLowerCase()));
    const lines = found.map(name =>
      h('span', {}, name, ' ', h('span', { class: 'cellrun-muted' }, textOf(versions, name))),
    );
    list.replaceChildren(...(found.length > 0 ? lines : [nothing(fill(page.noPackage, { text }))]));
  };
  input.addEventListener('input', show);
  show();
  return h('div', { class: 'cellrun-packages-box' }, h('h4', {}, title), input, list);
}
