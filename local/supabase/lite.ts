import { setTimeout as delay } from 'node:timers/promises';
import { App } from '@supabase/lite';
import { createPostgresConnection } from '@supabase/lite/postgres';
import type { Mailer } from './auth/mailer.ts';
import type { ProjectKeys } from './keys.ts';
import { asPostgrest } from './rest-errors.ts';

const CLOSE_WITHIN_MS = 2_000;

export interface LiteOptions {
  databaseUrl: string;
  keys: ProjectKeys;
  siteUrl: string;
  /** Address of the gateway: providers send people back there. */
  url: string;
  /** For how long a mailed link works. */
  linkExpirySeconds: number;
  mailer: Mailer;
}

/** Settings of Auth that may change while it runs. */
interface LiteAuth {
  /** Whether new accounts confirm their address first. At the start they don't. */
  confirmations: boolean;
  /** An application at GitHub, or at a server that acts as GitHub at `url`. */
  github: { client_id: string; secret: string; url: string } | null;
}

/** REST (as PostgREST) and auth (as GoTrue) on the given database: the part that speaks under `/rest/v1` and `/auth/v1`. */
export interface Lite {
  fetch(request: Request): Promise<Response>;
  /** Makes the tables of the `auth` schema. */
  prepare(): Promise<void>;
  /** What holds for new requests. */
  auth: LiteAuth;
  close(): Promise<void>;
}

/** The part of lite's configuration that it looks at for each request. */
interface ReadPerRequest {
  email: { enable_confirmations: boolean };
  /** By default lite holds a provider that is not enabled. */
  external?: { github: (NonNullable<LiteAuth['github']> & { enabled: boolean }) | undefined };
}

export function createLite({
  databaseUrl,
  keys,
  siteUrl,
  url,
  linkExpirySeconds,
  mailer,
}: LiteOptions): Lite {
  const connection = createPostgresConnection({
    url: databaseUrl,
    postgresOptions: {
      max: 12,
      onnotice: () => undefined,
      connection: { application_name: 'rest' },
      types: {
        timestamptz: { to: 1184, from: [1184], serialize: String, parse: isoTimestamp },
        // Arguments of functions come here as JSON text already; the driver's own would encode them once more.
        jsonb: { to: 3802, from: [3802], serialize: jsonText, parse: JSON.parse },
      },
    },
  });
  // The driver's first look at RLS would GRANT ALL on every table to the API roles and so undo column grants.
  // It skips that when it believes to have done it; the field is private, hence the cast.
  (connection as unknown as { rlsState: string }).rlsState = 'active';
  connection.normalizeDbError = asPostgrest;
  const app = new App({
    connection,
    api: { enabled: true, schemas: ['public'], max_rows: 1000, external_url: url },
    auth: {
      enabled: true,
      jwt_secret: keys.innerSecret,
      publishable_key: keys.publishableKey,
      secret_key: keys.secretKey,
      site_url: siteUrl,
      additional_redirect_urls: [`${siteUrl}/**`],
      enable_signup: true,
      minimum_password_length: 8,
      email: { enable_signup: true, enable_confirmations: false, otp_expiry: linkExpirySeconds },
    },
    db: { migrations: { enabled: false } },
    options: {
      server: { disableStudio: true, disableFallback: true, admin: false },
    },
  });
  app._mailer = mailer;
  const { auth } = app.config as { auth: ReadPerRequest };
  return {
    get auth() {
      const github = auth.external?.github;
      return { confirmations: auth.email.enable_confirmations, github: github?.enabled ? github : null };
    },
    set auth({ confirmations, github }) {
      auth.email.enable_confirmations = confirmations;
      auth.external = { github: github ? { ...github, enabled: true } : undefined };
    },
    fetch: async (request) => app.fetch(request),
    prepare: async () => {
      await app.ensureSystemSchema();
    },
    // Requests that wait for a database which has gone would hold it open for ever.
    close: () => Promise.race([connection.close(), delay(CLOSE_WITHIN_MS, undefined, { ref: false })]),
  };
}

/** `2026-11-22 07:42:43.33+00` as the text of Postgres has it, `2026-11-22T07:42:43.33+00:00` as PostgREST answers. */
function isoTimestamp(text: string): string {
  return text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00');
}

function jsonText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
