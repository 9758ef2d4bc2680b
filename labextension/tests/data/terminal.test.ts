import { describe, expect, test } from 'vitest';
import { lineText } from '../../src/data/line';
import { PLAIN } from '../../src/data/sgr';
import { LINE_CHARACTERS, Terminal } from '../../src/data/terminal';

const ESC = '\u001b';
const BEL = '\u0007';

function lines(...writes: string[]): string[] {
  const terminal = new Terminal();
  for (const write of writes) terminal.write(write);
  return Array.from({ length: terminal.length }, (_, i) => lineText(terminal.line(i)));
}

function styled(text: string): [string, object][] {
  const terminal = new Terminal();
  terminal.write(text);
  return terminal.line(0).map(({ text: run, style }) => {
    const set = Object.entries(style).filter(([key, value]) => PLAIN[key as keyof typeof PLAIN] !== value);
    return [run, Object.fromEntries(set)];
  });
}

describe('lines', () => {
  test.each([
    ['plain text', 'a\nb\n', ['a', 'b']],
    ['an unfinished line', 'a\nb', ['a', 'b']],
    ['empty lines', 'a\n\n\nb\n', ['a', '', '', 'b']],
    ['Windows line ends', 'a\r\nb\r\n', ['a', 'b']],
    ['a progress bar is one line', ' 10%|#  |\r 50%|## |\r100%|###|\ndone\n', ['100%|###|', 'done']],
    ['what a shorter bar leaves, as on a screen', 'long line\rshort', ['shortline']],
    ['a bar that erases first', 'long line\r\u001b[Kshort', ['short']],
    ['a bar that erases after', 'long line\rshort\u001b[K\n', ['short']],
    ['erasing to the beginning', 'abc\u001b[1K', ['   ']],
    ['backspace', 'spin |\b/\b-\n', ['spin -']],
    ['a bar of wide characters', '進捗 10%\r進捗 20%\n', ['進捗 20%']],
    ['emoji are overwritten whole', '🚀🚀\r⭐\n', ['⭐🚀']],
    ['NUL and other controls', 'a\u0000b\u0007c\u007fd\n', ['abcd']],
    ['tabs stay', 'a\tb\n', ['a\tb']],
  ])('%s', (_title, text, expected) => {
    expect(lines(text)).toEqual(expected);
    expect(lines(...Array.from(text))).toEqual(expected); // however the stream is cut
  });

  test('a line that never ends goes on in a new one', () => {
    const found = lines('x'.repeat(3 * LINE_CHARACTERS + 5));
    expect(found.map(line => line.length)).toEqual([LINE_CHARACTERS, LINE_CHARACTERS, LINE_CHARACTERS, 5]);
  });

  test('a bar redrawn a thousand times is its last state', () => {
    const bar = Array.from({ length: 1000 }, (_, i) => `\r${String(i).padStart(4)} of 1000`).join('');
    expect(lines(bar)).toEqual([' 999 of 1000']);
  });
});

describe('colours', () => {
  test.each<[string, string, [string, object][]]>([
    ['the palette', '31', [['x', { fg: 1 }]]],
    ['bright ones', '94', [['x', { fg: 12 }]]],
    ['backgrounds', '42;103', [['x', { bg: 11 }]]],
    ['256 colours: palette', '38;5;9', [['x', { fg: 9 }]]],
    ['256 colours: cube', '38;5;196', [['x', { fg: 'rgb(255, 0, 0)' }]]],
    ['256 colours: greys', '48;5;232', [['x', { bg: 'rgb(8, 8, 8)' }]]],
    ['true colour', '38;2;1;2;300', [['x', { fg: 'rgb(1, 2, 255)' }]]],
    ['true colour with colons', '38:2:1:2:3', [['x', { fg: 'rgb(1, 2, 3)' }]]],
    ['a colour outside the 256', '38;5;999', [['x', {}]]],
    ['what follows an extended colour', '38;5;9;1', [['x', { fg: 9, bold: true }]]],
    [
      'several at once',
      '1;2;3;4;7;9',
      [['x', { bold: true, dim: true, italic: true, underline: true, inverse: true, strike: true }]],
    ],
    ['nothing known', '77', [['x', {}]]],
    ['no parameter resets', '31m\u001b[', [['x', {}]]],
  ])('%s', (_title, parameters, expected) => {
    expect(styled(`${ESC}[${parameters}mx`)).toEqual(expected);
  });

  test('each is switched off by its own code', () => {
    const on = `${ESC}[1;3;4;7;9;31;42m`;
    const off = `${ESC}[22;23;24;27;29;39;49m`;
    expect(styled(`${on}a${off}b`)[1]).toEqual(['b', {}]);
  });

  test('they stay over line ends and bars', () => {
    const terminal = new Terminal();
    terminal.write(`${ESC}[32mone\ntwo\rsix`);
    expect(terminal.line(1)).toEqual([{ text: 'six', style: { ...PLAIN, fg: 2 } }]);
  });

  test('neighbours of one look are one run', () => {
    expect(styled(`${ESC}[31ma${ESC}[31mb${ESC}[0mc`)).toEqual([
      ['ab', { fg: 1 }],
      ['c', {}],
    ]);
  });
});

describe('every other escape is taken out', () => {
  test.each([
    ['window title', `${ESC}]0;title${BEL}`],
    ['title, ended by ST', `${ESC}]2;title${ESC}\\`],
    ['clipboard (OSC 52)', `${ESC}]52;c;cm0gLXJmIC8=${BEL}`],
    ['hyperlink (OSC 8), its text stays', `${ESC}]8;;javascript:alert(1)${ESC}\\`],
    ['cursor up', `${ESC}[3A`],
    ['cursor position', `${ESC}[10;20H`],
    ['clear screen', `${ESC}[2J`],
    ['private modes', `${ESC}[?25l`],
    ['private SGR', `${ESC}[>4;2m`],
    ['device control', `${ESC}P1$r0m${ESC}\\`],
    ['application program command', `${ESC}_payload${ESC}\\`],
    ['privacy message', `${ESC}^payload${ESC}\\`],
    ['character set', `${ESC}(B`],
    ['keypad', `${ESC}=`],
    ['an escape inside a string', `${ESC}]0;a${ESC}[31mb${BEL}`],
    ['8-bit CSI', '\u009b31;1m'],
    ['8-bit OSC', `\u009d0;title\u009c`],
    ['a sequence that is cut off by another', `${ESC}[3${ESC}[0m`],
  ])('%s', (_title, sequence) => {
    expect(lines(`before${sequence}after\n`)).toEqual(['beforeafter']);
    expect(lines(...Array.from(`before${sequence}after\n`))).toEqual(['beforeafter']);
  });

  test('one without an end costs its own line and no more', () => {
    expect(lines(`a${ESC}]0;never ends\nb\n`)).toEqual(['a', 'b']);
    expect(lines(`a${ESC}[31\nb\n`)).toEqual(['a', 'b']);
  });

  test('an endless one is not kept', () => {
    expect(lines(`a${ESC}[${'1;'.repeat(1000)}mb\n`)[0]).toMatch(/^a.*b$/);
  });
});
