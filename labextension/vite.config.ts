import { existsSync } from 'node:fs';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';

/** The system's Chromium; playwright's own where there is none. */
const chromium = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome']
  .map(name => `/usr/bin/${name}`)
  .find(path => existsSync(path));

const launchOptions = {
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'],
  ...(chromium === undefined ? {} : { executablePath: chromium }),
};

export default defineConfig({
  root: import.meta.dirname,
  define: {
    VERSION: JSON.stringify('0.0.0-test'),
    SCREENSHOTS: JSON.stringify(Boolean(process.env.SCREENSHOTS)),
  },
  server: { fs: { allow: ['..'] } }, // tests/data is shared with Python
  optimizeDeps: {
    include: [
      '@jupyterlab/rendermime/lib/mimemodel',
      '@jupyterlab/rendermime/lib/outputmodel',
      '@lumino/widgets',
      'axe-core',
      'plotly.js-basic-dist-min',
    ],
  },
  test: {
    isolate: false,
    projects: [
      {
        extends: true,
        test: { name: 'data', include: ['tests/{data,server}/**/*.test.ts'], environment: 'node' },
      },
      {
        extends: true,
        test: {
          name: 'view',
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/{data,server}/**'],
          setupFiles: 'tests/one_page.ts',
          restoreMocks: true,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions }),
            instances: [{ browser: 'chromium', viewport: { width: 1340, height: 900 } }],
          },
        },
      },
    ],
  },
});
