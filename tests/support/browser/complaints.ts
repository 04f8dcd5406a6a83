import type { Page } from '@playwright/test';

/** Everything that a page complains of from now on: errors of scripts, of the console, and broken rules of the CSP. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  return complaints;
}
