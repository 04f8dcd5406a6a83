/** Source: supabase/auth, internal/api/admin.go and models/user.go. */
import { z } from 'zod';

const UNIT_SECONDS: Record<string, number> = { h: 3600, m: 60, s: 1 };
const NO_BAN = 'none';

const isBanDuration = (text: string): boolean => text === NO_BAN || /^(\d+[hms])+$/.test(text);

/** Seconds of a duration such as `24h` or `1h30m`; null for `none`, which ends a ban. */
export function banSeconds(duration: string): number | null {
  if (duration === NO_BAN) return null;
  const parts = [...duration.matchAll(/(\d+)([hms])/g)];
  return parts.reduce((sum, [, count, unit = 's']) => sum + Number(count) * (UNIT_SECONDS[unit] ?? 0), 0);
}

const Metadata = z.record(z.string(), z.json());

/** What an operator may set. Phone numbers are refused: no local account has one. */
export const AdminUserBody = z.object({
  id: z.uuid().optional(),
  email: z.email().toLowerCase().optional(),
  phone: z.literal('', 'Phone numbers are not available in the embedded Supabase').optional(),
  password: z.string().optional(),
  email_confirm: z.boolean().default(false),
  role: z.string().optional(),
  user_metadata: Metadata.optional(),
  app_metadata: Metadata.optional(),
  ban_duration: z.string().refine(isBanDuration, 'invalid format for ban duration').optional(),
});
export type AdminUserBody = z.infer<typeof AdminUserBody>;

type Metadata = Record<string, unknown>;

export interface AccountRow {
  id: string;
  aud: string;
  role: string;
  email: string | null;
  phone: string | null;
  email_confirmed_at: Date | null;
  confirmation_sent_at: Date | null;
  confirmed_at: Date | null;
  last_sign_in_at: Date | null;
  raw_app_meta_data: Metadata | null;
  raw_user_meta_data: Metadata | null;
  created_at: Date;
  updated_at: Date;
  banned_until: Date | null;
  deleted_at: Date | null;
  is_anonymous: boolean;
  identities: Metadata[];
}

/** Converts the account to JSON, without unset fields. */
export function describeUser(row: AccountRow): Record<string, unknown> {
  const { raw_app_meta_data, raw_user_meta_data, email, phone, ...rest } = row;
  const told = {
    ...rest,
    email: email ?? '',
    phone: phone ?? '',
    app_metadata: raw_app_meta_data ?? {},
    user_metadata: raw_user_meta_data ?? {},
  };
  return Object.fromEntries(Object.entries(told).filter(([, value]) => value !== null));
}

/** Metadata after an update: fields are replaced one by one, and null removes one. */
export function mergeMetadata(before: Metadata | null, change: Metadata | undefined): Metadata {
  const merged = Object.entries({ ...before, ...change });
  return Object.fromEntries(merged.filter(([, value]) => value !== null));
}

/** `Link` of a list, by which supabase-js finds the next page. Pages count from 1. */
export function pageLinks(page: number, perPage: number, total: number): string {
  const last = Math.max(1, Math.ceil(total / perPage));
  const link = (to: number, rel: string): string =>
    `</admin/users?page=${to}&per_page=${perPage}>; rel="${rel}"`;
  return [...(page < last ? [link(page + 1, 'next')] : []), link(last, 'last')].join(', ');
}
