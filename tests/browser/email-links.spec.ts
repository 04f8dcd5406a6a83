import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { createClient } from '@supabase/supabase-js';
import { browserOptions } from '../support/browser/browser.ts';
import { complaintsOf } from '../support/browser/complaints.ts';
import { changeAuth, followMail, mailsTo } from '../support/mail.ts';
import { newPerson, type Person } from '../support/person.ts';
import { runningStack } from '../support/running-stack.ts';
import { signIn } from '../support/browser/sign-in.ts';

test.use({ launchOptions: browserOptions() });

const open = (page: Page, path: string) => page.goto(runningStack().web_url + path);
const heading = (page: Page, name: string) => page.getByRole('heading', { name, exact: true });
const NEW_PASSWORD = 'another long password';

/** Also after a form was sent, which the tests of all pages don't cover. */
async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([]);
}

async function type(page: Page, label: string, text: string): Promise<void> {
  const field = page.getByLabel(label, { exact: true });
  await field.fill('');
  await field.pressSequentially(text);
}

async function mayEnter(email: string, password: string): Promise<boolean> {
  const { supabase_url, publishable_key } = runningStack();
  const client = createClient(supabase_url, publishable_key, { auth: { persistSession: false } });
  return (await client.auth.signInWithPassword({ email, password })).error === null;
}

async function invite(owner: Person): Promise<string> {
  const made = await owner.client.from('workspaces').insert({ name: 'Home lab' }).select('id').single();
  const { id } = made.data as { id: string };
  const { data } = await owner.client.rpc('create_invitation', { p_workspace_id: id, p_role: 'member' });
  return `/invitations/${(data as { token: string }).token}`;
}

test('an invitation survives sign-up and email confirmation', async ({ page, request }) => {
  const complaints = complaintsOf(page);
  const invitation = await invite(await newPerson('host'));
  const email = `guest-${Date.now()}@patchbay.local`;
  await changeAuth({ confirmations: true });
  try {
    await open(page, invitation);
    await page.getByRole('link', { name: 'Create one' }).press('Enter');
    await expect(heading(page, 'Create an account')).toBeVisible();
    await type(page, 'Email', email);
    await type(page, 'Password', 'a long enough password');
    await page.keyboard.press('Enter');
    await expect(page.getByText('Check your email')).toBeVisible();

    await open(page, `/sign-in?next=${invitation}`);
    await type(page, 'Email', email);
    await type(page, 'Password', 'a long enough password');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('alert')).toContainText("isn't confirmed yet");
    await page.getByRole('button', { name: 'Resend confirmation link' }).press('Enter');
    await expect(page.getByText('Check your email')).toBeVisible();
    expect(await mailsTo(email), 'within a minute there is no second email').toHaveLength(1);

    // Mail scanners open links before the user does.
    await followMail(page, email);
    expect((await request.get(page.url())).status()).toBe(200);
    await page.getByRole('button', { name: 'Confirm' }).press('Enter');
    await expect(heading(page, 'Join Home lab?')).toBeVisible();
    await expect(page.getByText(`You're signed in as ${email}`)).toBeVisible();

    await followMail(page, email);
    await page.getByRole('button', { name: 'Confirm' }).press('Enter');
    await expect(page.getByText('It has expired or was already used.')).toBeVisible();
    await type(page, 'Email', email);
    await page.keyboard.press('Enter');
    await expect(page.getByText('Check your email')).toBeVisible();
  } finally {
    await changeAuth({ confirmations: false });
  }
  expect(complaints.filter((text) => !text.includes('400'))).toEqual([]);
});

test('a password reset link works once', async ({ page }) => {
  const person = await newPerson('forgetful');
  await open(page, '/sign-in?next=/notices');
  await page.getByRole('link', { name: 'Forgot your password?' }).press('Enter');
  await expect(heading(page, 'Reset your password')).toBeVisible();
  await type(page, 'Email', person.email);
  await page.keyboard.press('Enter');
  await expect(page.getByText('Check your email')).toBeVisible();
  await expectAccessible(page);

  await followMail(page, person.email);
  await page.getByRole('button', { name: 'Continue' }).press('Enter');
  await expect(heading(page, 'Choose a new password')).toBeVisible();
  await expectAccessible(page);
  await type(page, 'New password', 'short');
  await page.keyboard.press('Enter');
  await expect(page.getByText('Use at least 8 characters.', { exact: true }).last()).toBeVisible();
  await type(page, 'New password', NEW_PASSWORD);
  await page.keyboard.press('Enter');
  await page.waitForURL(`${runningStack().web_url}/notices`);
  expect(await mayEnter(person.email, person.password)).toBe(false);
  expect(await mayEnter(person.email, NEW_PASSWORD)).toBe(true);
  expect((await person.client.auth.refreshSession()).error, 'other browsers are signed out').not.toBeNull();

  await open(page, '/set-password');
  await expect(heading(page, 'Account')).toBeVisible();
  await followMail(page, person.email);
  await page.getByRole('button', { name: 'Continue' }).press('Enter');
  await expect(page.getByText('It has expired or was already used.')).toBeVisible();
  await expectAccessible(page);
});

test('an email link signs in and continues to an invitation', async ({ page }) => {
  const invitation = await invite(await newPerson('host'));
  const person = await newPerson('linked');
  await open(page, invitation);
  await page.getByRole('link', { name: 'Sign in with an email link' }).press('Enter');
  await expect(heading(page, 'Sign in by email')).toBeVisible();
  await type(page, 'Email', person.email);
  await page.keyboard.press('Enter');
  await expect(page.getByText('Check your email')).toBeVisible();
  await followMail(page, person.email);
  await page.getByRole('button', { name: 'Sign in' }).press('Enter');
  await expect(heading(page, 'Join Home lab?')).toBeVisible();
});

test('forms do not reveal which email addresses have accounts', async ({ page }) => {
  const person = await newPerson('known');
  const unknown = `unknown-${Date.now()}@patchbay.local`;
  for (const path of ['/forgot-password', '/email-link']) {
    const seen: string[] = [];
    for (const email of [person.email, unknown]) {
      await open(page, path);
      await type(page, 'Email', email);
      await page.keyboard.press('Enter');
      await expect(page.getByText('Check your email')).toBeVisible();
      seen.push((await page.locator('main').innerText()).replaceAll(email, '…'));
    }
    expect(new Set(seen).size, path).toBe(1);
  }
  expect(await mailsTo(unknown)).toEqual([]);
});

test('an email address changes after both inboxes confirm it', async ({ page }) => {
  const person = await newPerson('mover');
  const next = `moved-${Date.now()}@patchbay.local`;
  await signIn(page, person);
  await open(page, '/account');
  await type(page, 'New email address', person.email);
  await page.keyboard.press('Enter');
  await expect(page.getByText('This is already your email address.')).toBeVisible();
  await type(page, 'New email address', next);
  await page.keyboard.press('Enter');
  await expect(page.getByText(`Confirm the change to ${next}`)).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Resend both emails' }).press('Enter');
  await expect(page.getByText(`Confirm the change to ${next}`)).toBeVisible();

  await followMail(page, next);
  await page.getByRole('button', { name: 'Confirm change' }).press('Enter');
  await expect(heading(page, 'One more step')).toBeVisible();
  await open(page, '/account');
  await expect(page.getByText(`Confirm the change to ${next}`)).toBeVisible();
  expect(await mayEnter(next, person.password)).toBe(false);

  await followMail(page, person.email);
  await page.getByRole('button', { name: 'Confirm change' }).press('Enter');
  await expect(page.getByText(`Sign in as ${next} from now on.`)).toBeVisible();
  await page.getByRole('link', { name: 'Go to your account' }).press('Enter');
  await expect(page.getByRole('main').getByText(next, { exact: true })).toBeVisible();
  expect(await mayEnter(next, person.password)).toBe(true);
});

test('an incomplete email link shows an error', async ({ page }) => {
  await open(page, '/auth/confirm?token_hash=abc');
  await expect(heading(page, "This link doesn't work")).toBeVisible();
  await expect(page.getByText('Part of the link is missing.')).toBeVisible();
});
