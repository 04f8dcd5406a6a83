import { expect, test, type BrowserContext } from '@playwright/test';
import { createClient } from '@supabase/supabase-js';
import { browserOptions } from '../support/browser/browser.ts';
import { complaintsOf } from '../support/browser/complaints.ts';
import { newPerson, type Person } from '../support/person.ts';
import { runningStack } from '../support/running-stack.ts';
import { signIn } from '../support/browser/sign-in.ts';

test.use({ launchOptions: browserOptions() });

const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0';

async function expireAccessToken(context: BrowserContext): Promise<void> {
  const cookies = (await context.cookies()).filter(({ name }) => /^sb-.+-auth-token/.test(name));
  const joined = cookies
    .toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
    .map(({ value }) => value)
    .join('');
  const text = Buffer.from(joined.replace(/^base64-/, ''), 'base64url').toString();
  const expired = { ...(JSON.parse(text) as object), expires_at: 1, expires_in: 0 };
  const value = `base64-${Buffer.from(JSON.stringify(expired)).toString('base64url')}`;
  const [first] = cookies;
  const name = first!.name.replace(/\.\d+$/, '');
  await context.clearCookies({ name: /^sb-.+-auth-token/ });
  const parts = value.match(/.{1,3000}/g)!;
  await context.addCookies(
    parts.map((part, index) => ({
      ...first!,
      name: parts.length > 1 ? `${name}.${index}` : name,
      value: part,
    })),
  );
}

const mayEnter = async (email: string, password: string): Promise<boolean> => {
  const { supabase_url, publishable_key } = runningStack();
  const client = createClient(supabase_url, publishable_key, { auth: { persistSession: false } });
  return (await client.auth.signInWithPassword({ email, password })).error === null;
};

test('a user changes their password, which signs out other browsers, and deletes the account', async ({
  page,
}) => {
  const complaints = complaintsOf(page);
  const person = await newPerson('changer');
  const { data: own } = await person.client.from('workspaces').select('id').single<{ id: string }>();
  for (const p_name of ['Laptop', 'Server room']) {
    const args = { p_workspace_id: own!.id, p_name };
    expect((await person.client.rpc('create_api_token', args)).error).toBeNull();
  }
  await signIn(page, person);
  await page.goto(`${runningStack().web_url}/account`);
  const [now, next] = [page.getByLabel('Current password'), page.getByLabel('New password')];
  const change = page.getByRole('button', { name: 'Change password' });
  await now.fill('not my password');
  await next.fill('another long password');
  await change.click();
  await expect(page.getByText('Incorrect password.')).toBeVisible();
  await now.fill(person.password);
  await next.fill('short');
  await change.click();
  await expect(page.getByText('Use at least 8 characters.', { exact: true })).toBeVisible();
  await now.fill(person.password);
  await next.fill('another long password');
  await change.click();
  await expect(page.getByText('Password changed.')).toBeVisible();
  // Programs keep working with their tokens, so the page asks about them.
  await expect(page.getByText('Revoke your API tokens too?')).toBeVisible();
  await page.getByLabel('Laptop').check();
  await page.getByRole('button', { name: 'Revoke selected' }).click();
  await expect(page.getByText('Revoked 1 API token.')).toBeVisible();
  await expect(page.getByLabel('Laptop')).toBeHidden();
  await expect(page.getByLabel('Server room')).toBeVisible();
  expect(await mayEnter(person.email, person.password)).toBe(false);
  expect(await mayEnter(person.email, 'another long password')).toBe(true);
  expect((await person.client.auth.refreshSession()).error).not.toBeNull();

  await page.getByText('Delete my account…').click();
  await page.getByLabel(`Type ${person.email}`).fill('somebody@else.example');
  await page.getByRole('button', { name: 'Delete account' }).click();
  await expect(page.getByText('Enter your exact email address.')).toBeVisible();
  await page.getByLabel(`Type ${person.email}`).fill(person.email);
  await page.getByRole('button', { name: 'Delete account' }).click();
  await expect(page.getByRole('heading', { name: 'Create an account' })).toBeVisible();
  expect(await mayEnter(person.email, 'another long password')).toBe(false);
  await page.goto(`${runningStack().web_url}/servers`);
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  // Browsers log each form that is answered with 400 as a network error.
  expect(complaints.filter((text) => !text.includes('400'))).toEqual([]);
});

test('deleting an account asks for a new owner of each shared workspace', async ({ page }) => {
  const [owner, heir, guest] = [await newPerson('owner'), await newPerson('heir'), await newPerson('guest')];
  const open = async (name: string): Promise<string> => {
    await owner.client.from('workspaces').insert({ name });
    const { data } = await owner.client
      .from('workspaces')
      .select('id')
      .eq('name', name)
      .single<{ id: string }>();
    return data!.id;
  };
  const admit = async (workspaceId: string, role: string, person: Person): Promise<void> => {
    const args = { p_workspace_id: workspaceId, p_role: role };
    const { data } = await owner.client.rpc('create_invitation', args);
    const { error } = await person.client.rpc('accept_invitation', {
      p_token: (data as { token: string }).token,
    });
    expect(error).toBeNull();
  };
  const names = async (person: Person) =>
    (await person.client.from('workspaces').select('name').eq('is_personal', false).order('name')).data;
  const { data: personal } = await owner.client.from('workspaces').select('id').single<{ id: string }>();
  const [kept, dropped] = [await open('Kept'), await open('Dropped')];
  await admit(personal!.id, 'viewer', guest);
  await admit(kept, 'member', heir);
  await admit(kept, 'viewer', guest);
  await admit(dropped, 'viewer', guest);

  await signIn(page, owner);
  await page.goto(`${runningStack().web_url}/account`);
  await page.getByText('Delete my account…').click();
  await expect(page.getByText(guest.email)).toBeVisible();
  const [keptChoice, droppedChoice] = [
    page.getByLabel('New owner of Kept'),
    page.getByLabel('New owner of Dropped'),
  ];
  await expect(keptChoice.getByRole('option')).toHaveText([
    'Select…',
    heir.email,
    'No one: delete the workspace',
  ]);
  await expect(droppedChoice.getByRole('option')).toHaveText(['Select…', 'No one: delete the workspace']);
  await keptChoice.selectOption({ label: heir.email });
  await page.getByLabel(`Type ${owner.email}`).fill(owner.email);
  await page.getByRole('button', { name: 'Delete account' }).click();
  await expect(page.getByText('Choose a new owner for each shared workspace')).toBeVisible();
  await expect(keptChoice.locator('option:checked')).toHaveText(heir.email);
  await expect(page.getByLabel(`Type ${owner.email}`)).toHaveValue(owner.email);
  await droppedChoice.selectOption('delete');
  await page.getByRole('button', { name: 'Delete account' }).click();
  await expect(page.getByRole('heading', { name: 'Create an account' })).toBeVisible();
  expect(await names(guest)).toEqual([{ name: 'Kept' }]);
  const { data: role } = await heir.client
    .from('workspace_members')
    .select('role')
    .match({ workspace_id: kept, user_id: heir.id })
    .single<{ role: string }>();
  expect(role).toEqual({ role: 'owner' });
});

test('the account page lists sessions by browser and signs them out', async ({ page, browser }) => {
  const person = await newPerson('traveler');
  const elsewhere = await (await browser.newContext({ userAgent: FIREFOX })).newPage();
  await signIn(elsewhere, person);
  await signIn(page, person);
  await page.goto(`${runningStack().web_url}/account`);
  const rows = page.getByRole('region', { name: 'Sessions' }).getByRole('listitem');
  await expect(rows).toHaveCount(3);
  await expect(rows.first()).toContainText('This browser');
  await expect(rows.filter({ hasText: 'Firefox on Windows · 127.0.0.1' })).toHaveCount(1);
  await rows.filter({ hasText: 'Firefox on Windows' }).getByRole('button').click();
  await expect(page.getByText('Signed out. That browser loses access within an hour.')).toBeVisible();
  await expect(rows).toHaveCount(2);
  await expireAccessToken(elsewhere.context());
  await elsewhere.goto(`${runningStack().web_url}/agents`);
  await expect(elsewhere.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  expect(new URL(elsewhere.url()).searchParams.get('next')).toBe('/agents');
  await page.getByRole('button', { name: 'Sign out other browsers' }).click();
  await expect(page.getByText('Signed out 1 other browser.')).toBeVisible();
  expect((await person.client.auth.refreshSession()).error).not.toBeNull();
  await page.reload();
  await expect(rows).toHaveCount(1);
  await elsewhere.context().close();
});

test('a form submitted without a session keeps its input', async ({ page, context }) => {
  const person = await newPerson('typist');
  await signIn(page, person);
  await page.goto(`${runningStack().web_url}/agents/new`);
  const name = page.getByLabel('Name', { exact: true });
  await name.fill('Half written');
  await context.clearCookies();
  await page
    .getByRole('button', { name: /^(Save|Add|Create)/ })
    .first()
    .click();
  await expect(page.getByText("You're signed out, and nothing was saved.")).toBeVisible();
  await expect(name).toHaveValue('Half written');
  const [tab] = await Promise.all([
    context.waitForEvent('page'),
    page.getByRole('link', { name: 'Sign in in a new tab' }).click(),
  ]);
  await expect(tab.getByRole('heading', { name: 'Sign in' })).toBeVisible();
});

test('signing out everywhere ends every session', async ({ page }) => {
  const person = await newPerson('leaver');
  await signIn(page, person);
  await page.goto(`${runningStack().web_url}/account`);
  await page.getByRole('button', { name: 'Sign out everywhere' }).click();
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  expect((await person.client.auth.refreshSession()).error).not.toBeNull();
});

test('scripts cannot read the session', async ({ page, context }) => {
  const person = await newPerson('keeper');
  await signIn(page, person);
  const cookies = (await context.cookies()).filter(({ name }) => name.startsWith('sb-'));
  expect(cookies.length).toBeGreaterThan(0);
  for (const cookie of cookies) expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax' });
  const answer = await page.goto(`${runningStack().web_url}/servers`);
  const policy = answer?.headers()['content-security-policy'] ?? '';
  expect(policy).toMatch(/script-src 'self' 'nonce-[^']+'/);
  expect(policy).not.toMatch(/script-src[^;]*unsafe/);
  const forged = await context.request.post(`${runningStack().web_url}/workspace?/rename`, {
    form: { name: 'Hijacked' },
    headers: { origin: 'https://evil.example' },
  });
  expect(forged.status()).toBe(403);
});
