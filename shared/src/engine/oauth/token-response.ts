/** Responses of token and registration endpoints as the SDK's schemas want them, or what exactly is wrong with them. */
import { SignInProblem } from './sign-in-problem.ts';

type Members = Record<string, unknown>;

/** Error codes of single services, translated to those of RFC 6749, section 5.2. */
const SAME_ERROR: Record<string, string> = {
  incorrect_client_credentials: 'invalid_client',
  client_not_found: 'invalid_client',
  bad_verification_code: 'invalid_grant',
  bad_refresh_token: 'invalid_grant',
};

export interface EndpointResponse {
  status: number;
  contentType: string;
  text: string;
}

/**
 * A response of a token endpoint (RFC 6749, section 5), in JSON or encoded as a form, as GitHub does.
 * @returns what the SDK reads; an `error` with status 200 gets status 400
 * @throws SignInProblem that says what is missing
 */
export function normalizeTokenResponse(response: EndpointResponse): { status: number; body: Members } {
  const members = membersOf(response);
  const error = errorOf(members);
  if (error !== null && (response.status >= 400 || typeof members?.['access_token'] !== 'string')) {
    const description = textOf(members?.['error_description']);
    const body = { error, ...(description !== null && { error_description: description }) };
    return { status: response.status >= 400 ? response.status : 400, body };
  }
  if (members === null || response.status >= 400) throw unreadable('token request', response);
  const token = textOf(members['access_token']);
  if (token === null)
    throw new SignInProblem('sign_in_bad_response', 'Its token response has no access_token.');
  const optional = {
    refresh_token: textOf(members['refresh_token']),
    id_token: textOf(members['id_token']),
    scope: scopeOf(members['scope']),
    expires_in: secondsOf(members['expires_in']),
  };
  const given = Object.entries(optional).filter(([, value]) => value !== null);
  const body = { access_token: token, token_type: textOf(members['token_type']) ?? 'Bearer' };
  return { status: 200, body: { ...body, ...Object.fromEntries(given) } };
}

/**
 * A response of a registration endpoint (RFC 7591, section 3.2), without what is not used here.
 * @param sent the request's body
 * @throws SignInProblem that says what is missing
 */
export function normalizeRegistration(
  response: EndpointResponse,
  sent: string,
): { status: number; body: Members } {
  const members = membersOf(response);
  if (response.status >= 400) return { status: response.status, body: members ?? {} };
  if (members === null) throw unreadable('registration', response);
  const id = members['client_id'];
  if (typeof id !== 'string' && typeof id !== 'number')
    throw new SignInProblem('sign_in_bad_response', 'Its registration response has no client_id.');
  const { redirect_uris: requested } = JSON.parse(sent) as { redirect_uris: string[] };
  const returned = members['redirect_uris'];
  const isListOfAddresses =
    Array.isArray(returned) && returned.every((one) => typeof one === 'string' && URL.canParse(one));
  const optional = {
    client_secret: textOf(members['client_secret']),
    client_secret_expires_at: secondsOf(members['client_secret_expires_at']),
    token_endpoint_auth_method: textOf(members['token_endpoint_auth_method']),
  };
  const given = Object.entries(optional).filter(([, value]) => value !== null);
  const body = {
    client_id: String(id),
    redirect_uris: isListOfAddresses ? (returned as string[]) : requested,
  };
  return { status: 201, body: { ...body, ...Object.fromEntries(given) } };
}

function membersOf({ contentType, text }: EndpointResponse): Members | null {
  if (contentType.startsWith('application/x-www-form-urlencoded')) return formOf(text);
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : null;
  } catch {
    // A form under another type, which a page of HTML is not.
    return /^\s*[a-z_]+=[^\s<>]*\s*$/i.test(text) ? formOf(text) : null;
  }
}

function formOf(text: string): Members {
  return Object.fromEntries(new URLSearchParams(text.trim()));
}

/** A code, or an object with one in it. */
function errorOf(members: Members | null): string | null {
  const error = members?.['error'];
  const isNested = typeof error === 'object' && error !== null;
  const nested = isNested ? ((error as Members)['code'] ?? (error as Members)['type']) : error;
  const code = textOf(nested) ?? (isNested ? 'invalid_request' : null);
  return code === null ? null : (SAME_ERROR[code] ?? code);
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** Scopes are separated by spaces (RFC 6749, section 3.3); some services send a list, or commas. */
function scopeOf(value: unknown): string | null {
  const listed = Array.isArray(value) ? value.filter((one) => typeof one === 'string').join(' ') : value;
  const text = textOf(listed)?.trim() ?? '';
  return (/\s/.test(text) ? text : text.replaceAll(',', ' ')) || null;
}

function secondsOf(value: unknown): number | null {
  const isNumber = typeof value === 'number' || (typeof value === 'string' && value.trim() !== '');
  const seconds = isNumber ? Number(value) : NaN;
  return Number.isFinite(seconds) ? seconds : null;
}

function unreadable(what: string, { status, contentType, text }: EndpointResponse): SignInProblem {
  if (status >= 500) return new SignInProblem('sign_in_unreachable', `It responded with status ${status}.`);
  const isPage = contentType.includes('html') || /^\s*</.test(text);
  const kind = isPage ? 'a web page' : text.trim() === '' ? 'nothing' : 'something that isn’t JSON';
  return new SignInProblem(
    'sign_in_bad_response',
    `It responded to the ${what} with ${kind} (status ${status}).`,
  );
}
