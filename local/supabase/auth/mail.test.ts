import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { SupabaseClient } from '@supabase/supabase-js';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openProject, PASSWORD, type Project } from '../fixtures/project.ts';
import type { Mail } from './mailer.ts';

let project: Project;

beforeAll(async () => {
  project = await openProject();
}, 60_000);
afterAll(() => project?.close());

const newAddress = (): string => `${crypto.randomUUID()}@example.test`;

async function confirmations(isOn: boolean): Promise<number> {
  const { url, secretKey } = project.supabase;
  const headers = { apikey: secretKey, 'content-type': 'application/json' };
  const init = { method: 'PATCH', headers, body: JSON.stringify({ confirmations: isOn }) };
  return (await fetch(`${url}/local/auth`, init)).status;
}

async function mailsTo(address: string): Promise<Mail[]> {
  const mails = (await (await fetch(`${project.supabase.url}/inbox.json`)).json()) as Mail[];
  return mails.filter(({ to }) => to === address);
}

interface MailedLink {
  token_hash: string;
  type: 'signup' | 'recovery' | 'magiclink' | 'email_change';
  next: string;
}

function linkIn(mail: Mail | undefined): MailedLink {
  const [, href = ''] = /href="([^"]+)"/.exec(mail?.html ?? '') ?? [];
  const url = new URL(href.replaceAll('&amp;', '&'));
  expect(url.origin + url.pathname).toBe(`${project.supabase.url}/auth/confirm`);
  return Object.fromEntries(url.searchParams) as unknown as MailedLink;
}

const verify = (client: SupabaseClient, mail: Mail | undefined) => {
  const { token_hash, type } = linkIn(mail);
  return client.auth.verifyOtp({ token_hash, type });
};
const age = (address: string, seconds: number) => project.sql`
  update auth.users set confirmation_sent_at = confirmation_sent_at - make_interval(secs => ${seconds}),
    recovery_sent_at = recovery_sent_at - make_interval(secs => ${seconds}),
    email_change_sent_at = email_change_sent_at - make_interval(secs => ${seconds})
  where email = ${address}`;

const TOO_SOON = { status: 429, code: 'over_email_send_rate_limit' };
const EXPIRED = { status: 403, code: 'otp_expired' };

test('a switch of confirmations enables no provider', async () => {
  const { url, publishableKey } = project.supabase;
  expect(await confirmations(true)).toBe(204);
  expect(await confirmations(false)).toBe(204);
  const settings = await fetch(`${url}/auth/v1/settings`, { headers: { apikey: publishableKey } });
  expect(await settings.json()).toMatchObject({ external: { github: false, google: false } });
});

describe('sign-up with confirmations', () => {
  beforeEach(async () => {
    expect(await confirmations(true)).toBe(204);
    return async () => void (await confirmations(false));
  });

  test('the account opens by the link, once, and the link keeps where to go on', async () => {
    const [client, email] = [project.client(), newAddress()];
    const emailRedirectTo = `${project.supabase.url}/invitations/abc?x=1&y=2`;
    const made = await client.auth.signUp({ email, password: PASSWORD, options: { emailRedirectTo } });
    expect(made).toMatchObject({ error: null, data: { session: null } });
    const before = await client.auth.signInWithPassword({ email, password: PASSWORD });
    expect(before.error?.code).toBe('email_not_confirmed');
    const [mail, ...others] = await mailsTo(email);
    expect(others).toEqual([]);
    expect(linkIn(mail)).toMatchObject({ type: 'signup', next: emailRedirectTo });
    const { data, error } = await verify(client, mail);
    expect(error).toBeNull();
    expect(data.session?.user.email).toBe(email);
    expect((await verify(project.client(), mail)).error).toMatchObject(EXPIRED);
  });

  test('an address of another site is not carried on', async () => {
    const email = newAddress();
    const options = { emailRedirectTo: 'https://evil.example/' };
    await project.client().auth.signUp({ email, password: PASSWORD, options });
    expect(linkIn((await mailsTo(email))[0]).next).toBe(project.supabase.url);
  });

  test('an address with an account gets the same answer, and no email', async () => {
    const email = newAddress();
    const first = await project.client().auth.signUp({ email, password: PASSWORD });
    await verify(project.client(), (await mailsTo(email))[0]);
    const again = await project.client().auth.signUp({ email, password: 'another long password' });
    expect(again).toMatchObject({ error: null, data: { session: null, user: { email, identities: [] } } });
    expect(again.data.user?.id).not.toBe(first.data.user?.id);
    expect(await mailsTo(email)).toHaveLength(1);
  });

  test('the link expires after an hour, and another is sent after a minute', async () => {
    const [client, email] = [project.client(), newAddress()];
    await client.auth.signUp({ email, password: PASSWORD });
    expect((await client.auth.resend({ type: 'signup', email })).error).toMatchObject(TOO_SOON);
    expect((await client.auth.signUp({ email, password: PASSWORD })).error).toMatchObject(TOO_SOON);
    await age(email, 3_601);
    expect((await verify(client, (await mailsTo(email))[0])).error).toMatchObject(EXPIRED);
    expect((await client.auth.resend({ type: 'signup', email })).error).toBeNull();
    const [renewed, old] = await mailsTo(email);
    expect((await verify(client, old)).error).toMatchObject(EXPIRED);
    expect((await verify(client, renewed)).error).toBeNull();
    expect((await client.auth.resend({ type: 'signup', email: newAddress() })).error).toBeNull();
  });
});

describe('an account without confirmations', () => {
  test('a new password comes by a link that works once', async () => {
    const { client, email } = await project.signUp('ann');
    const redirectTo = `${project.supabase.url}/servers`;
    expect((await client.auth.resetPasswordForEmail(email, { redirectTo })).error).toBeNull();
    expect((await client.auth.resetPasswordForEmail(email)).error).toMatchObject(TOO_SOON);
    const [mail] = await mailsTo(email);
    expect(linkIn(mail)).toMatchObject({ type: 'recovery', next: redirectTo });
    const visitor = project.client();
    expect((await verify(visitor, mail)).error).toBeNull();
    expect((await visitor.auth.updateUser({ password: 'a new long password' })).error).toBeNull();
    expect((await verify(project.client(), mail)).error).toMatchObject(EXPIRED);
    const password = 'a new long password';
    expect((await project.client().auth.signInWithPassword({ email, password })).error).toBeNull();
    const unknown = newAddress();
    expect((await client.auth.resetPasswordForEmail(unknown)).error).toBeNull();
    expect(await mailsTo(unknown)).toEqual([]);
  });

  test('a sign-in by link', async () => {
    const { email, id } = await project.signUp('ann');
    const client = project.client();
    const options = { shouldCreateUser: false };
    expect((await client.auth.signInWithOtp({ email, options })).error).toBeNull();
    expect((await client.auth.signInWithOtp({ email, options })).error).toMatchObject(TOO_SOON);
    const [mail] = await mailsTo(email);
    expect(linkIn(mail).type).toBe('magiclink');
    expect((await verify(client, mail)).data.user?.id).toBe(id);
  });

  test.each(['current first', 'new first'])(
    'another address is confirmed by both mailboxes: %s',
    async (order) => {
      const { client, email } = await project.signUp('ann');
      const next = newAddress();
      expect((await client.auth.updateUser({ email: next })).error).toBeNull();
      const [current] = await mailsTo(email);
      const [changed] = await mailsTo(next);
      const [first, second] = order === 'current first' ? [current, changed] : [changed, current];
      const visitor = project.client();
      expect(await verify(visitor, first)).toMatchObject({ error: null, data: { session: null } });
      expect((await client.auth.getUser()).data.user?.email).toBe(email);
      expect((await verify(visitor, first)).error).toMatchObject(EXPIRED);
      expect((await verify(visitor, second)).data.user?.email).toBe(next);
      expect((await verify(visitor, second)).error).toMatchObject(EXPIRED);
      expect((await client.auth.refreshSession()).data.user?.email).toBe(next);
    },
  );

  test('one mailbox alone never changes the address, also not after an earlier half of a change', async () => {
    const { client, email } = await project.signUp('ann');
    const [typo, next] = [newAddress(), newAddress()];
    await client.auth.updateUser({ email: typo });
    expect((await client.auth.updateUser({ email: next })).error).toMatchObject(TOO_SOON);
    await verify(project.client(), (await mailsTo(email))[0]);
    await age(email, 61);
    expect((await client.auth.updateUser({ email: next })).error).toBeNull();
    const only = await verify(project.client(), (await mailsTo(next))[0]);
    expect(only).toMatchObject({ error: null, data: { session: null } });
    expect((await client.auth.getUser()).data.user?.email).toBe(email);
  });

  test('a change that nobody confirmed in time is asked for again', async () => {
    const { client, email } = await project.signUp('ann');
    const next = newAddress();
    await client.auth.updateUser({ email: next });
    await age(email, 3_601);
    expect((await verify(project.client(), (await mailsTo(next))[0])).error).toMatchObject(EXPIRED);
    expect((await client.auth.resend({ type: 'email_change', email })).error).toBeNull();
    expect((await client.auth.resend({ type: 'email_change', email })).error).toMatchObject(TOO_SOON);
    await verify(project.client(), (await mailsTo(next))[0]);
    expect((await verify(project.client(), (await mailsTo(email))[0])).data.user?.email).toBe(next);
  });
});

describe('the inbox', () => {
  test('shows emails as documents without rights, and answers under a loopback name only', async () => {
    const { client, email } = await project.signUp('ann');
    await client.auth.resetPasswordForEmail(email);
    const { url } = project.supabase;
    const page = await fetch(`${url}/inbox`);
    expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(page.headers.get('access-control-allow-origin')).toBeNull();
    const html = await page.text();
    expect(html).toContain(email);
    const { port } = new URL(url);
    const rebound = get({ port, path: '/inbox.json', headers: { host: `evil.example:${port}` } });
    const [answer] = (await once(rebound, 'response')) as [IncomingMessage];
    expect(answer.resume().statusCode).toBe(404);
    expect(html).not.toMatch(/<iframe(?![^>]*sandbox="allow-top-navigation-by-user-activation")/);
  });

  test('confirmations are switched with the secret key only', async () => {
    const { url, publishableKey } = project.supabase;
    const init = { method: 'PATCH', headers: { apikey: publishableKey }, body: '{"confirmations":true}' };
    expect((await fetch(`${url}/local/auth`, init)).status).toBe(401);
    await project.signUp('ann');
  });
});
