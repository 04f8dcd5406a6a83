import type { RequestEvent } from '@sveltejs/kit';

const COOKIE = 'new-password';
const PATH = '/set-password';
const MINUTES = 15;

/** Lets this browser set a password without the current one for a while: a link in an email was confirmed in it. */
export function allowNewPassword({ cookies, url }: Pick<RequestEvent, 'cookies' | 'url'>): void {
  const secure = url.protocol === 'https:';
  cookies.set(COOKIE, '1', { path: PATH, httpOnly: true, sameSite: 'lax', secure, maxAge: MINUTES * 60 });
}

export function mayChooseNewPassword({ cookies }: Pick<RequestEvent, 'cookies'>): boolean {
  return cookies.get(COOKIE) === '1';
}

export function endNewPassword({ cookies }: Pick<RequestEvent, 'cookies'>): void {
  cookies.delete(COOKIE, { path: PATH });
}
