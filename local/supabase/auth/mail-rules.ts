/** Hosted Auth's email rules that @supabase/lite 0.10 lacks. */
import { randomBytes, randomUUID } from 'node:crypto';
import { Hono, type Context } from 'hono';
import type { Sql } from 'postgres';
import { z } from 'zod';
import type { ProjectKeys } from '../keys.ts';
import type { Tokens } from '../tokens.ts';
import type { AuthConfig } from './config.ts';
import type { Mailer } from './mailer.ts';

export interface MailRulesOptions {
  sql: Sql;
  keys: ProjectKeys;
  tokens: Tokens;
  mailer: Mailer;
  config: Pick<AuthConfig, 'mailWindowSeconds' | 'linkExpirySeconds'>;
  isConfirming: () => boolean;
}

const Body = z.object({
  email: z.string().toLowerCase().optional().catch(undefined),
  type: z.string().optional().catch(undefined),
  token_hash: z.string().optional().catch(undefined),
});

interface Account {
  id: string;
  email: string;
  confirmed_at: Date | null;
  confirmation_sent_at: Date | null;
  recovery_sent_at: Date | null;
  email_change: string | null;
  email_change_sent_at: Date | null;
}

/** Routes that take precedence over lite's. */
export function createMailRules(options: MailRulesOptions): Hono {
  const { sql, keys, tokens, mailer, config } = options;
  const routes = new Hono();

  const accountOf = async (email: string | undefined): Promise<Account | undefined> => {
    if (email === undefined) return undefined;
    const [account] = await sql<Account[]>`select * from auth.users where email = ${email}`;
    return account;
  };
  const refuseIfTooSoon = (context: Context, sentAt: Date | null | undefined): Response | null => {
    const ageSeconds = sentAt ? (Date.now() - sentAt.getTime()) / 1000 : Infinity;
    const left = Math.ceil(config.mailWindowSeconds - ageSeconds);
    if (left <= 0) return null;
    const msg = `For security purposes, you can only request this after ${left} seconds.`;
    return context.json({ code: 429, error_code: 'over_email_send_rate_limit', msg }, 429);
  };
  const confirmAgain = async (account: Account): Promise<void> => {
    const token = randomBytes(28).toString('hex');
    await sql`
      update auth.users set confirmation_token = ${token}, confirmation_sent_at = now() where id = ${account.id}`;
    await mailer.sendConfirmation(account.email, token, '');
  };

  // lite refuses requests without a key.
  routes.use('/auth/v1/*', async (context, next) => {
    const key = context.req.header('apikey');
    if (key !== keys.publishableKey && key !== keys.secretKey) return next();
    const redirectTo = context.req.query('redirect_to') ?? null;
    return mailer.withRedirect(redirectTo, async () => (await ruleFor(context as Context)) ?? (await next()));
  });

  async function ruleFor(context: Context): Promise<Response | null> {
    const { method, path } = context.req;
    const rule = rules[`${method} ${path.slice('/auth/v1'.length)}`];
    if (!rule) return null;
    const json: unknown = await context.req.raw
      .clone()
      .json()
      .catch(() => null);
    const body = Body.safeParse(json);
    return body.success ? rule(context, body.data) : null;
  }

  type Rule = (context: Context, body: z.infer<typeof Body>) => Promise<Response | null>;

  const oncePerWindow: Rule = async (context, { email }) =>
    refuseIfTooSoon(context, (await accountOf(email))?.recovery_sent_at);

  const rules: Record<string, Rule> = {
    'POST /recover': oncePerWindow,
    'POST /otp': oncePerWindow,
    'POST /magiclink': oncePerWindow,

    'POST /signup': async (context, { email }) => {
      const account = options.isConfirming() ? await accountOf(email) : undefined;
      if (!account) return null;
      if (!account.confirmed_at) {
        const refusal = refuseIfTooSoon(context, account.confirmation_sent_at);
        if (refusal) return refusal;
        await confirmAgain(account);
      }
      return context.json(someUser(account.email));
    },

    'POST /resend': async (context, { email, type }) => {
      const account = await accountOf(email);
      if (type === 'signup') {
        if (!account || account.confirmed_at) return context.json({});
        const refusal = refuseIfTooSoon(context, account.confirmation_sent_at);
        if (!refusal) await confirmAgain(account);
        return refusal ?? context.json({});
      }
      if (type !== 'email_change') return null;
      if (!account?.email_change) return context.json({});
      const refusal = refuseIfTooSoon(context, account.email_change_sent_at);
      if (!refusal) await changeAgain(account, account.email_change);
      return refusal ?? context.json({});
    },

    'PUT /user': async (context, { email }) => {
      if (email === undefined) return null;
      const claims = await tokens.verify(context.req.header('authorization')?.replace(/^Bearer /, '') ?? '');
      if (!claims?.sub) return null;
      const [account] = await sql<Account[]>`select * from auth.users where id = ${claims.sub}`;
      const refusal = refuseIfTooSoon(context, account?.email_change_sent_at);
      if (!refusal) await sql`update auth.users set email_change_confirm_status = 0 where id = ${claims.sub}`;
      return refusal;
    },

    'POST /verify': async (context, { type, token_hash: token }) => {
      if (type !== 'email_change' || token === undefined) return null;
      const isFirst = await confirmOneMailbox(token);
      if (!isFirst) return null;
      const msg = 'Confirmation link accepted. Please proceed to confirm link sent to the other email';
      return context.json({ code: 200, msg });
    },
  };

  async function changeAgain({ id, email }: Account, newEmail: string): Promise<void> {
    const [current, next] = [randomBytes(28).toString('hex'), randomBytes(28).toString('hex')];
    await sql`
      update auth.users set email_change_token_current = ${current}, email_change_token_new = ${next},
        email_change_sent_at = now(), email_change_confirm_status = 0
      where id = ${id}`;
    await mailer.sendEmailChange(email, current, '', { currentEmail: email, newEmail, tokenHashNew: next });
  }

  /** For the second mailbox, stores its token where lite completes a change. @returns whether this was the first */
  async function confirmOneMailbox(token: string): Promise<boolean> {
    const [first] = await sql`
      update auth.users set email_change_confirm_status = 1,
        email_change_token_current = nullif(email_change_token_current, ${token}),
        email_change_token_new = nullif(email_change_token_new, ${token})
      where ${token} in (email_change_token_current, email_change_token_new)
        and email_change_confirm_status = 0
        and email_change_sent_at > now() - make_interval(secs => ${config.linkExpirySeconds})
      returning id`;
    if (first) return true;
    await sql`
      update auth.users set email_change_token_current = ${token}, email_change_token_new = null
      where email_change_token_new = ${token} and email_change_confirm_status = 1`;
    return false;
  }

  return routes;
}

/** For a caller who must not learn whether the account exists. */
function someUser(email: string): Record<string, unknown> {
  const now = new Date().toISOString();
  return {
    id: randomUUID(),
    aud: 'authenticated',
    role: '',
    email,
    phone: '',
    app_metadata: { provider: 'email', providers: ['email'] },
    user_metadata: {},
    identities: [],
    created_at: now,
    updated_at: now,
    confirmation_sent_at: now,
    is_anonymous: false,
  };
}
