import type { Page } from '@playwright/test';
import type { Mail } from '../../local/supabase/auth/mailer.ts';
import { runningStack } from './running-stack.ts';

/** Emails to an address, the last one first. */
export async function mailsTo(address: string): Promise<Mail[]> {
  const response = await fetch(`${runningStack().supabase_url}/inbox.json`);
  return ((await response.json()) as Mail[]).filter(({ to }) => to === address);
}

/** Opens the last email to an address in the inbox of the stack, and follows its link with the keyboard. */
export async function followMail(page: Page, address: string): Promise<void> {
  await page.goto(`${runningStack().supabase_url}/inbox`);
  const frame = page.locator(`iframe[title^="Email to ${address}:"]`).first().contentFrame();
  await frame.getByRole('link').press('Enter');
  await page.waitForURL(`${runningStack().web_url}/auth/confirm?**`);
}

interface AuthChange {
  confirmations?: boolean;
  github?: { client_id: string; secret: string; url: string } | null;
}

/** Changes what the stack's Auth does, for all who use it. */
export async function changeAuth(change: AuthChange): Promise<void> {
  const { supabase_url, secret_key } = runningStack();
  const headers = { apikey: secret_key, 'content-type': 'application/json' };
  const init = { method: 'PATCH', headers, body: JSON.stringify(change) };
  const response = await fetch(`${supabase_url}/local/auth`, init);
  if (!response.ok) throw new Error(`the stack refused to change its Auth: ${response.status}`);
}
