/** Redirects: which of them are followed, and what is said about the others. */
import { AppError } from '../errors.ts';

/** Where a response sends us, when following keeps what was asked: any method for 307 and 308, GET for the rest. */
export function redirectTarget(from: URL, method: string, response: Response): URL | null {
  const keepsMethod = response.status === 307 || response.status === 308;
  const isFollowed = keepsMethod || (method === 'GET' && [301, 302, 303].includes(response.status));
  return isFollowed ? locationOf(from, response) : null;
}

/** Why a redirect was not followed (to its end). */
export function redirectError(from: URL, method: string, response: Response): AppError {
  const { status } = response;
  const target = locationOf(from, response);
  if (!target)
    return new AppError('redirected', { message: `The server answered with a redirect (HTTP ${status}) that names no address.` }); // prettier-ignore
  if (redirectTarget(from, method, response))
    return new AppError('redirect_loop', { message: `The server redirects again and again, last to ${addressOf(target)}.` }); // prettier-ignore
  return new AppError('redirected', {
    message: `The server redirects (HTTP ${status}) to ${addressOf(target)}.`,
  });
}

/** An address as it may be shown: whatever its query says is not for everybody. */
export function addressOf({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}

function locationOf(from: URL, { headers }: Response): URL | null {
  const location = headers.get('location');
  return location && URL.canParse(location, from.href) ? new URL(location, from) : null;
}
