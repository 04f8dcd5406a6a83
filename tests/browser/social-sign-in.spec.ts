/** Uses a real authorization server shaped like GitHub. Google's endpoints are fixed, so they can't be replaced. */
import { expect, test, type Page } from '@playwright/test';
import { browserOptions } from '../support/browser/browser.ts';
import { complaintsOf } from '../support/browser/complaints.ts';
import { githubEmail, startGithubServer, type GithubServer } from '../support/servers/github-server.ts';
import { changeAuth, mailsTo } from '../support/mail.ts';
import { newPerson } from '../support/person.ts';
import { runningStack } from '../support/running-stack.ts';

test.use({ launchOptions: browserOptions() });

let github: GithubServer;
test.beforeAll(async () => {
  github = await startGithubServer();
});
test.afterAll(async () => {
  await changeAuth({ github: null, confirmations: false });
  await github.close();
});

const open = (page: Page, path: string) => page.goto(runningStack().web_url + path);
const heading = (page: Page, name: string) => page.getByRole('heading', { name, exact: true });

/** The page asks Auth for its providers every 15 s. */
async function continueWithGithub(page: Page, path: string): Promise<void> {
  const link = page.getByRole('link', { name: 'Continue with GitHub' });
  await expect(async () => {
    await open(page, path);
    await expect(link).toBeVisible({ timeout: 500 });
  }).toPass();
  await link.press('Enter');
}

async function agreeAs(page: Page, login: string): Promise<void> {
  await page.getByPlaceholder('Enter any login').pressSequentially(login);
  await page.getByPlaceholder('and password').pressSequentially('any');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Continue' }).press('Enter');
}

test('a social sign-in button appears only for an enabled provider', async ({ page }) => {
  test.setTimeout(60_000);
  await open(page, '/sign-in');
  await expect(page.getByRole('link', { name: 'Continue with GitHub' })).toHaveCount(0);
  expect((await open(page, '/auth/provider/github'))?.status()).toBe(404);
  await changeAuth({ github: github.application });
  await expect(async () => {
    await open(page, '/sign-up');
    await expect(page.getByRole('link', { name: 'Continue with GitHub' })).toBeVisible({ timeout: 500 });
  }).toPass({ timeout: 30_000 });
  await expect(page.getByRole('link', { name: 'Continue with Google' })).toHaveCount(0);
});

test('a new user signs in with GitHub, accepts an invitation and keeps the same account later', async ({
  page,
  browser,
}) => {
  await changeAuth({ github: github.application });
  const owner = await newPerson('host');
  const made = await owner.client
    .from('workspaces')
    .insert({ name: 'Home lab' })
    .select('id')
    .single<{ id: string }>();
  const { data } = await owner.client.rpc('create_invitation', {
    p_workspace_id: made.data?.id,
    p_role: 'member',
  });
  const { token } = data as { token: string };
  const login = `octocat-${Date.now()}`;

  await continueWithGithub(page, `/sign-in?next=/invitations/${token}`);
  await agreeAs(page, login);
  await expect(heading(page, 'Join Home lab?')).toBeVisible();
  // The provider's own pages log errors.
  const complaints = complaintsOf(page);
  await expect(page.getByText(`You're signed in as ${githubEmail(login)}`)).toBeVisible();
  await page.getByRole('button', { name: 'Join as member' }).press('Enter');
  await page.waitForURL(`${runningStack().web_url}/servers`);

  const elsewhere = await browser.newPage();
  await continueWithGithub(elsewhere, '/sign-in?next=/workspace');
  await agreeAs(elsewhere, login);
  await elsewhere.waitForURL(`${runningStack().web_url}/workspace`);
  const { data: members } = await owner.client.rpc('list_members', { p_workspace_id: made.data?.id });
  expect(members as unknown[]).toHaveLength(2);
  expect(complaints).toEqual([]);
});

test('a user who cancels or has no verified email address sees what to do', async ({ page }) => {
  await changeAuth({ github: github.application, confirmations: true });
  await continueWithGithub(page, '/sign-in?next=/notices');
  await page.getByRole('link', { name: /Cancel/ }).press('Enter');
  await expect(page.getByText('You canceled the sign-in.')).toBeVisible();
  await page.getByRole('main').getByRole('link', { name: 'Sign in' }).press('Enter');
  await expect(page).toHaveURL(/\/sign-in\?next=%2Fnotices$/);

  const login = `unverified-${Date.now()}`;
  await continueWithGithub(page, '/sign-in');
  await agreeAs(page, login);
  await expect(page.getByText('Your email address is not verified with that service.')).toBeVisible();
  expect(await mailsTo(githubEmail(login))).toHaveLength(1);
});

test('an authorization code from another browser or an unknown one signs no one in', async ({ page }) => {
  await open(page, '/?code=0d5be5a5-0000-4000-8000-000000000000');
  await expect(heading(page, 'Not signed in')).toBeVisible();
  await expect(page.getByText('was started in another browser')).toBeVisible();
  await open(page, '/?error=access_denied&error_code=otp_expired&error_description=Call+555-1234');
  await expect(page.getByText('This link has expired or was already used.')).toBeVisible();
  await expect(page.getByText('555')).toHaveCount(0);
});
