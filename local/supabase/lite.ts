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
  /** URL of the gateway, to which providers redirect users. */
  url: string;
  linkExpirySeconds: number;
  mailer: Mailer;
}

interface LiteAuth {
  confirmations: boolean;
  github: { client_id: string; secret: string; url: string } | null;
}

export interface Lite {
  fetch(request: Request): Promise<Response>;
  prepare(): Promise<void>;
  auth: LiteAuth;
  close(): Promise<void>;
}

interface ReadPerRequest {
  email: { enable_confirmations: boolean };
  /** By default lite has a disabled provider. */
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
        // Function arguments are JSON text already, which the driver would encode again.
        jsonb: { to: 3802, from: [3802], serialize: jsonText, parse: JSON.parse },
      },
    },
  });
  // The driver's first RLS request would GRANT ALL on every table to the API roles and undo column privileges. This
  // private field makes it skip that.
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
    // Requests that wait for a lost database would hold it open forever.
    close: () => Promise.race([connection.close(), delay(CLOSE_WITHIN_MS, undefined, { ref: false })]),
  };
}

/** Converts Postgres's `2026-11-22 07:42:43.33+00` to PostgREST's `2026-11-22T07:42:43.33+00:00`. */
function isoTimestamp(text: string): string {
  return text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00');
}

function jsonText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
