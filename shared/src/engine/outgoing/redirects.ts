/** Which redirects are followed, and the errors for the others. */
import { AppError } from '../../contract/errors.ts';

/** The target of a redirect that keeps the request as it is: 307 and 308 for any method, the others for GET. */
export function redirectTarget(from: URL, method: string, response: Response): URL | null {
  const keepsMethod = response.status === 307 || response.status === 308;
  const isFollowed = keepsMethod || (method === 'GET' && [301, 302, 303].includes(response.status));
  return isFollowed ? locationOf(from, response) : null;
}

/** The error for a redirect that was not followed, or not to its end. */
export function redirectError(from: URL, method: string, response: Response): AppError {
  const { status } = response;
  const target = locationOf(from, response);
  if (!target)
    return new AppError('redirected', { message: `The server sent a redirect (HTTP ${status}) without an address.` }); // prettier-ignore
  if (redirectTarget(from, method, response))
    return new AppError('redirect_loop', { message: `The server redirects in a loop, most recently to ${addressOf(target)}.` }); // prettier-ignore
  return new AppError('redirected', {
    message: `The server redirects (HTTP ${status}) to ${addressOf(target)}.`,
  });
}

/** The error of a redirect that was followed and led nowhere: it names where to. */
export function misledError(to: URL, { code, message }: AppError): AppError {
  return new AppError(code, { message: `The server redirects to ${addressOf(to)}. ${message}` });
}

/** A URL for messages, without its query, which may hold secrets. */
export function addressOf({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}

function locationOf(from: URL, { headers }: Response): URL | null {
  const location = headers.get('location');
  const target = location && URL.canParse(location, from.href) ? new URL(location, from) : null;
  return target && /^https?:$/.test(target.protocol) ? target : null;
}
