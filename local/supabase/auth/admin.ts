/** @supabase/lite lacks this API. Invitations, generated links and MFA are missing here too. */
import { createHash, randomBytes } from 'node:crypto';
import { Hono, type Context } from 'hono';
import type { Fragment, Sql } from 'postgres';
import { z } from 'zod';
import type { ProjectKeys } from '../keys.ts';
import type { Tokens } from '../tokens.ts';
import {
  AdminUserBody,
  banSeconds,
  describeUser,
  mergeMetadata,
  pageLinks,
  type AccountRow,
} from './admin-user.ts';

const USERS = '/auth/v1/admin/users';
const MIN_PASSWORD_LENGTH = 8;
const Page = z.coerce.number().int().min(1).catch(1);
const PerPage = z.coerce.number().int().min(1).max(1000).catch(50);
const DeleteBody = z.object({ should_soft_delete: z.boolean().default(false) });

export interface AdminApiOptions {
  sql: Sql;
  keys: Pick<ProjectKeys, 'publishableKey' | 'secretKey'>;
  tokens: Pick<Tokens, 'verify'>;
}

/** Routes that take precedence over lite's. */
export function createAdminApi({ sql, keys, tokens }: AdminApiOptions): Hono {
  const routes = new Hono();

  routes.use(`${USERS}/*`, async (context, next) => {
    const refusal = await refuseUnlessAdmin(context as Context);
    if (refusal) return refusal;
    return next();
  });

  /** Hosted's gateway converts a secret key to a service-role token, unless the request has a token. */
  async function refuseUnlessAdmin(context: Context): Promise<Response | null> {
    const key = context.req.header('apikey');
    if (key !== keys.secretKey && key !== keys.publishableKey)
      return context.json({ message: 'Invalid API key' }, 401);
    const bearer = /^Bearer (.+)$/.exec(context.req.header('authorization') ?? '')?.[1] ?? key;
    if (bearer === keys.secretKey) return null;
    const claims = bearer === keys.publishableKey ? { role: 'anon' } : await tokens.verify(bearer);
    if (!claims) return refuse(context, 403, 'bad_jwt', 'invalid JWT');
    return claims['role'] === 'service_role' ? null : refuse(context, 403, 'not_admin', 'User not allowed');
  }

  routes.get(USERS, async (context) => {
    const page = Page.parse(context.req.query('page') || 1);
    const perPage = PerPage.parse(context.req.query('per_page') || undefined);
    const [counted] = await sql<[{ total: number }]>`select count(*)::int as total from auth.users`;
    const users = await readAccounts(
      sql`order by created_at desc, id limit ${perPage} offset ${(page - 1) * perPage}`,
    );
    context.header('x-total-count', String(counted.total));
    context.header('link', pageLinks(page, perPage, counted.total));
    return context.json({ users: users.map(describeUser), aud: 'authenticated' });
  });

  routes.get(`${USERS}/:id`, async (context) => {
    const account = await findAccount(context.req.param('id'));
    return account ? context.json(describeUser(account)) : refuseUnknown(context);
  });

  routes.post(USERS, async (context) => {
    const { data: body, error } = AdminUserBody.safeParse(await readJson(context));
    if (error) return refuse(context, 400, 'validation_failed', error.issues[0]?.message ?? 'Invalid body');
    const { id = crypto.randomUUID(), email, password = randomBytes(24).toString('base64url') } = body;
    if (email === undefined)
      return refuse(
        context,
        400,
        'validation_failed',
        'Cannot create a user without either an email or phone',
      );
    const refusal = (await refuseEmail(context, email)) ?? refusePassword(context, password);
    if (refusal) return refusal;
    const isConfirmed = body.email_confirm;
    const userData = {
      ...body.user_metadata,
      email,
      email_verified: isConfirmed,
      phone_verified: false,
      sub: id,
    };
    const appData = { provider: 'email', providers: ['email'], ...body.app_metadata };
    await sql.begin(async (transaction) => {
      await transaction`
        insert into auth.users (id, role, email, encrypted_password, email_confirmed_at, banned_until,
          raw_app_meta_data, raw_user_meta_data)
        values (${id}, ${body.role ?? 'authenticated'}, ${email}, ${hash(password)},
          ${isConfirmed ? sql`now()` : null}, ${bannedUntil(body.ban_duration ?? 'none')},
          ${sql.json(appData)}, ${sql.json(userData)})`;
      await transaction`
        insert into auth.identities (id, provider, provider_id, user_id, identity_data)
        values (gen_random_uuid(), 'email', ${id}, ${id},
          ${sql.json({ sub: id, email, email_verified: isConfirmed, phone_verified: false })})`;
    });
    return answerAccount(context, id);
  });

  routes.put(`${USERS}/:id`, async (context) => {
    const { data: body, error } = AdminUserBody.safeParse(await readJson(context));
    if (error) return refuse(context, 400, 'validation_failed', error.issues[0]?.message ?? 'Invalid body');
    const account = await findAccount(context.req.param('id'));
    if (!account) return refuseUnknown(context);
    const { id } = account;
    const { email = account.email, password, ban_duration } = body;
    const refusal =
      (email === null || email === account.email ? null : await refuseEmail(context, email)) ??
      (password === undefined ? null : refusePassword(context, password));
    if (refusal) return refusal;
    const appData = mergeMetadata(account.raw_app_meta_data, body.app_metadata);
    const userData = mergeMetadata(account.raw_user_meta_data, body.user_metadata);
    await sql.begin(async (transaction) => {
      await transaction`
        update auth.users set email = ${email}, role = ${body.role ?? account.role}, updated_at = now(),
          encrypted_password = ${password === undefined ? sql`encrypted_password` : hash(password)},
          email_confirmed_at = ${body.email_confirm ? sql`coalesce(email_confirmed_at, now())` : sql`email_confirmed_at`},
          banned_until = ${ban_duration === undefined ? sql`banned_until` : bannedUntil(ban_duration)},
          raw_app_meta_data = ${sql.json(appData as never)}, raw_user_meta_data = ${sql.json(userData as never)}
        where id = ${id}`;
      await transaction`
        update auth.identities set updated_at = now(),
          identity_data = identity_data || jsonb_build_object('email', ${email}::text)
        where user_id = ${id} and provider = 'email'`;
    });
    return answerAccount(context, id);
  });

  routes.delete(`${USERS}/:id`, async (context) => {
    const { data: body } = DeleteBody.safeParse((await readJson(context)) ?? {});
    const account = await findAccount(context.req.param('id'));
    if (!account) return refuseUnknown(context);
    if (!body?.should_soft_delete) await sql`delete from auth.users where id = ${account.id}`;
    else if (account.deleted_at === null) await softDelete(account);
    return context.json({});
  });

  /** Keeps the row, because others refer to it. */
  async function softDelete({ id, email }: AccountRow): Promise<void> {
    const obscured = createHash('sha256').update(`${id}${email}`).digest('base64url');
    await sql.begin(async (transaction) => {
      await transaction`
        update auth.users set email = ${obscured}, encrypted_password = '', email_change = '',
          confirmation_token = null, recovery_token = null,
          email_change_token_new = null, email_change_token_current = null,
          raw_app_meta_data = '{}', raw_user_meta_data = '{}', deleted_at = now(), updated_at = now()
        where id = ${id}`;
      await transaction`
        update auth.identities set identity_data = '{}', updated_at = now(),
          provider_id = encode(sha256(convert_to(user_id::text || provider_id, 'utf8')), 'hex')
        where user_id = ${id}`;
      await transaction`delete from auth.sessions where user_id = ${id}`;
    });
  }

  function readAccounts(rest: Fragment): Promise<AccountRow[]> {
    return sql<AccountRow[]>`
      select id, aud, role, email, phone, email_confirmed_at, confirmation_sent_at, confirmed_at, last_sign_in_at,
        raw_app_meta_data, raw_user_meta_data, created_at, updated_at, banned_until, deleted_at, is_anonymous,
        array(
          select jsonb_build_object('identity_id', i.id, 'id', i.provider_id, 'user_id', i.user_id,
            'identity_data', i.identity_data, 'provider', i.provider, 'email', i.email,
            'last_sign_in_at', i.last_sign_in_at, 'created_at', i.created_at, 'updated_at', i.updated_at)
          from auth.identities i where i.user_id = u.id
        ) as identities
      from auth.users u ${rest}`;
  }

  async function findAccount(id: string): Promise<AccountRow | undefined> {
    if (!z.uuid().safeParse(id).success) return undefined;
    return (await readAccounts(sql`where id = ${id}`))[0];
  }

  async function answerAccount(context: Context, id: string): Promise<Response> {
    const account = await findAccount(id);
    return account ? context.json(describeUser(account)) : refuseUnknown(context);
  }

  async function refuseEmail(context: Context, email: string): Promise<Response | null> {
    const [taken] = await sql`select 1 from auth.users where email = ${email}`;
    if (!taken) return null;
    const message = 'A user with this email address has already been registered';
    return refuse(context, 422, 'email_exists', message);
  }

  // bcrypt, as lite expects.
  const hash = (password: string): Fragment =>
    sql`extensions.crypt(${password}, extensions.gen_salt('bf', 10))`;
  const bannedUntil = (duration: string): Fragment => {
    const seconds = banSeconds(duration);
    return seconds === null ? sql`null` : sql`now() + make_interval(secs => ${seconds})`;
  };

  return routes;
}

function refusePassword(context: Context, password: string): Response | null {
  if (password.length >= MIN_PASSWORD_LENGTH) return null;
  const message = `Password should be at least ${MIN_PASSWORD_LENGTH} characters.`;
  return refuse(context, 422, 'weak_password', message);
}

const refuse = (context: Context, code: 400 | 403 | 404 | 422, error_code: string, msg: string): Response =>
  context.json({ code, error_code, msg }, code);
const refuseUnknown = (context: Context): Response =>
  refuse(context, 404, 'user_not_found', 'User not found');

const readJson = (context: Context): Promise<unknown> => context.req.json<unknown>().catch(() => null);
