import { page } from 'vitest/browser';

declare const SCREENSHOTS: boolean;

/** Save what an element shows, or the whole page, for people to look at: `make screenshots`. */
export async function screenshot(name: string, element?: Element): Promise<void> {
  const path = `../../../tests/screenshots/${name}.png`; // from the test's own folder
  if (SCREENSHOTS) await page.screenshot({ path, ...(element && { element }) });
}
