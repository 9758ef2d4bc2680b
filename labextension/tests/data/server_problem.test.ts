import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { translateInto } from '../../src/i18n/translate';
import { Api } from '../../src/server/api';
import { findProblem } from '../../src/server/problem';
import { ENGLISH, serverWords } from '../../src/server/words';

/** What is found when the server's root answers so. */
function find(status: number, body: string): ReturnType<typeof findProblem> {
  const fetch = (): Promise<Response> => Promise.resolve(new Response(body, { status }));
  return findProblem(new Api({ baseUrl: '/', fetch }), '1.2.0', ENGLISH);
}

beforeEach(() => vi.stubGlobal('document', { cookie: '' }));
afterEach(() => vi.unstubAllGlobals());

describe('asked who it is, a server', () => {
  test('of the same version is fine', async () => {
    expect(await find(200, '{"version": "1.2.0", "protocol": 1}')).toBeNull();
  });

  test('of another version is named, and what to do', async () => {
    const problem = await find(200, '{"version": "1.1.0", "protocol": 1}');
    expect(problem?.kind).toBe('version');
    expect(problem?.message).toMatch(/cellrun 1\.2\.0, the Jupyter server 1\.1\.0: restart JupyterLab/);
  });

  test('of another protocol too', async () => {
    const problem = await find(200, '{"version": "2.0.0", "protocol": 2}');
    expect(problem?.kind).toBe('protocol');
    expect(problem?.message).toMatch(/protocol 2, this page's 1: restart JupyterLab/);
  });

  test.each([
    [404, '{"message": "Not Found"}'],
    [404, '<html>404</html>'],
    [200, '<html>some page</html>'],
  ])('without the extension says so: %i %s', async (status, body) => {
    expect(await find(status, body)).toEqual({ kind: 'missing', message: ENGLISH.missing });
  });

  test.each([401, 403])('that asks for a login says so: %i', async status => {
    expect(await find(status, '{"message": "Forbidden"}')).toEqual({
      kind: 'denied',
      message: ENGLISH.deniedFirst,
    });
  });

  test('that is down is a matter of the connection', async () => {
    expect(await find(502, 'Bad Gateway')).toBeNull();
    const fetch = (): Promise<Response> => Promise.reject(new TypeError('Failed to fetch'));
    expect(await findProblem(new Api({ baseUrl: '/', fetch }), '1.2.0', ENGLISH)).toBeNull();
  });
});

test('every text has its Japanese, with the same parts to fill in and the same commands', () => {
  const japanese = serverWords(translateInto('ja-JP'));
  const parts = (text: string): string[] => (text.match(/\{\w+\}|`[^`]+`/g) ?? []).sort();
  for (const [name, english] of Object.entries(ENGLISH) as [keyof typeof ENGLISH, string][]) {
    expect(japanese[name], english).not.toBe(english);
    expect(parts(japanese[name]), english).toEqual(parts(english));
  }
});

test.each([
  ['text/html; charset=UTF-8', '<html>a whole page</html>', 'HTTP 404'],
  ['text/plain', 'no such host', 'no such host'],
  ['application/json', '{"message": "no run"}', 'no run'],
])('of an answer that refuses, %s, a sentence is told, never a page', async (type, body, told) => {
  const answer = new Response(body, { status: 404, headers: { 'Content-Type': type } });
  const api = new Api({ baseUrl: '/', fetch: () => Promise.resolve(answer) });
  await expect(api.targets('w')).rejects.toThrow(new RegExp(`^${told}$`));
});
