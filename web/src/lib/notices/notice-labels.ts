import { dayInZone } from '../live/time-zone.ts';
import { describeError, isErrorCode } from '@patchbay/shared/contract/errors';
import type { NoticeRow } from '@patchbay/shared/contract/schema/notice';
import type { Tone } from '../servers/state-labels.ts';

export interface NoticeText {
  tone: Exclude<Tone, 'off'>;
  title: string;
  detail: string;
}

/** Describes a notice. */
export function describeNotice({
  kind,
  details,
  server_name: name,
}: Pick<NoticeRow, 'kind' | 'details'> & { server_name: string }): NoticeText {
  switch (kind) {
    case 'down':
      return { tone: 'bad', title: `${name} is down`, detail: cause(details) };
    case 'needs_auth':
      return { tone: 'warn', title: `${name} ${need(details)}`, detail: cause(details) };
    case 'unstable':
      return {
        tone: 'warn',
        title: `${name} is unstable`,
        detail: "It keeps going down and recovering. You'll get a notice when it stays up.",
      };
    case 'back':
      return { tone: 'ok', title: `${name} is back`, detail: outage(details) };
    case 'tools_changed':
      return { tone: 'wait', title: `The tools of ${name} changed`, detail: change(details) };
    case 'credential_dropped':
      return {
        tone: 'warn',
        title:
          details.credential === 'sign_in' ? `Sign in to ${name} again` : `Enter the key for ${name} again`,
        detail: `${moved(details)} Patchbay removed ${details.credential === 'sign_in' ? 'your sign-in' : 'the key you entered'}.`,
      };
    case 'credential_held':
      return {
        tone: 'warn',
        title: `Confirm the new URL of ${name}`,
        detail: `${moved(details)} The key you entered isn't used there until you confirm the URL.`,
      };
    case 'certificate':
      return { tone: 'warn', title: `The certificate of ${name} expires soon`, detail: expiry(details) };
    case 'webhook_paused':
      return {
        tone: 'warn',
        title: 'The webhook is paused',
        detail:
          'Its URL failed for more than an hour. An owner or admin can save it again or send a test message.',
      };
  }
}

/** The URL stays the same when other settings were changed. */
function moved({ old_url: from, new_url: to }: NoticeRow['details']): string {
  return from && to && from !== to ? `Its URL changed from ${from} to ${to}.` : 'Its settings changed.';
}

function need({ error_code: code }: NoticeRow['details']): string {
  if (code === 'sign_in_required') return 'needs you to sign in';
  if (code === 'scope_required') return 'needs more permissions';
  return code === 'credential_missing' ? 'needs a key or token' : 'rejected its credential';
}

function cause({ error_code: code, error_message: message }: NoticeRow['details']): string {
  if (!isErrorCode(code)) return message ?? '';
  return message || describeError(code).message;
}

function outage({ started_at: start, ended_at: end }: NoticeRow['details']): string {
  if (!start || !end) return '';
  const minutes = Math.max(1, Math.round((Date.parse(end) - Date.parse(start)) / 60_000));
  const hours = Math.floor(minutes / 60);
  const length = hours > 0 ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
  return `Down for ${length}.`;
}

function change({ added, changed, removed }: NoticeRow['details']): string {
  const parts = Object.entries({ New: added, Changed: changed, Removed: removed });
  return parts.flatMap(([word, names]) => (names?.length ? [`${word}: ${names.join(', ')}.`] : [])).join(' ');
}

function expiry({ expires_at: at }: NoticeRow['details']): string {
  return at ? `It expires on ${dayInZone(at, 'UTC')}.` : '';
}
