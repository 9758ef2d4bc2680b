import { h } from './dom';

/** A text in which stretches between back quotes are code. */
export function withCode(text: string): (Node | string)[] {
  const parts = text.split('`');
  // An odd quote is a quote: only pairs mark code.
  if (parts.length % 2 === 0) return [text];
  return parts.map((part, i) => (i % 2 === 1 ? h('code', {}, part) : part));
}
