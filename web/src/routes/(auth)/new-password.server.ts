import type { RequestEvent } from '@sveltejs/kit';

const COOKIE = 'new-password';
const PATH = '/set-password';
const MINUTES = 15;

/** Lets this browser set a user's password without the current one for a while, after it confirmed an emailed link. */
export function allowNewPassword(
  { cookies, url }: Pick<RequestEvent, 'cookies' | 'url'>,
  userId: string,
): void {
  const secure = url.protocol === 'https:';
  cookies.set(COOKIE, userId, { path: PATH, httpOnly: true, sameSite: 'lax', secure, maxAge: MINUTES * 60 });
}

export function mayChooseNewPassword({ cookies }: Pick<RequestEvent, 'cookies'>, userId: string): boolean {
  return cookies.get(COOKIE) === userId;
}

export function endNewPassword({ cookies }: Pick<RequestEvent, 'cookies'>): void {
  cookies.delete(COOKIE, { path: PATH });
}
