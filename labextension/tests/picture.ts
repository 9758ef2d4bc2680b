import { page } from 'vitest/browser';

declare const SCREENSHOTS: boolean;

/** Saves what an element shows, or the whole page, for people to look at, where that is wanted: `make screenshots`. */
export async function picture(name: string, element?: Element): Promise<void> {
  const path = `../../../tests/screenshots/${name}.png`; // from the test's own folder
  if (SCREENSHOTS) await page.screenshot({ path, ...(element && { element }) });
}
