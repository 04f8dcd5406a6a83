import type { Page } from '@playwright/test';
import type { Person } from '../person.ts';
import { runningStack } from '../running-stack.ts';

/** Signs a person in through the page, and waits until the servers are there. */
export async function signIn(page: Page, person: Person): Promise<void> {
  const { web_url } = runningStack();
  await page.goto(`${web_url}/sign-in`);
  await page.getByLabel('Email').fill(person.email);
  await page.getByLabel('Password').fill(person.password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.waitForURL(`${web_url}/servers`);
}
