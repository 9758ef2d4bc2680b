import { afterAll, afterEach } from 'vitest';

// All files share one page, loaded and compiled once: none finds what another one left there.
afterEach(() => {
  delete document.documentElement.dataset.theme;
  document.documentElement.lang = 'en';
  document.body.removeAttribute('style');
  sessionStorage.clear();
});

afterAll(() => {
  document.body.replaceChildren(); // what is out of sight isn't drawn
});
