import { defineConfig } from 'vitest/config';
import { playwright } from '@vitest/browser-playwright';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';

export default defineConfig({
  root: import.meta.dirname,
  define: { VERSION: JSON.stringify('0.0.0-test') },
  server: { open: false, fs: { allow: ['..'] } },
  optimizeDeps: { include: ['axe-core', 'plotly.js-basic-dist-min'] },
  test: {
    projects: [
      { extends: true, test: { name: 'data', include: ['tests/data/**/*.test.ts'], environment: 'node' } },
      {
        extends: true,
        test: {
          name: 'view',
          include: ['tests/view/**/*.test.ts'],
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: { executablePath, args: ['--no-sandbox', '--disable-gpu'] },
            }),
            instances: [{ browser: 'chromium', viewport: { width: 1340, height: 900 } }],
          },
        },
      },
    ],
  },
});
