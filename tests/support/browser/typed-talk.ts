import { expect, type Page } from '@playwright/test';
import { runningStack } from '../running-stack.ts';

/** A busy machine brings agents slowly. */
export const PATIENCE = { timeout: 45_000 };

export const transcriptOf = (page: Page) => page.getByRole('log', { name: 'Transcript' });

export async function startTyping(page: Page): Promise<void> {
  await page.goto(`${runningStack().web_url}/talk`);
  await page.getByRole('button', { name: 'Text only' }).click();
  await expect(transcriptOf(page).getByText(/The agent has \d+ tool/)).toBeVisible(PATIENCE);
}

export async function say(page: Page, words: string): Promise<void> {
  const field = page.getByRole('textbox', { name: 'Type a message' });
  await expect(field).toBeEnabled(PATIENCE);
  await field.fill(words);
  await field.press('Enter');
}
