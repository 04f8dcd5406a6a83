import { IssuerMismatchError, OAuthError, RegistrationRejectedError } from '@modelcontextprotocol/client';
import { AppError, describeError } from '../../contract/errors.ts';
import { classify } from '../messages/classify.ts';

/** What may go wrong between "Sign in" and being signed in. Programs compare these. */
export type SignInProblemCode =
  | 'sign_in_denied'
  | 'sign_in_refused'
  | 'sign_in_mixed_up'
  | 'issuer_mismatch'
  | 'sign_in_unreachable'
  | 'sign_in_bad_response'
  | 'sign_in_unsupported';

const SENTENCES: Record<SignInProblemCode, string> = {
  sign_in_denied: "The sign-in was denied on the server's page. Nothing has changed.",
  sign_in_refused: "This server's sign-in service rejected the request.",
  sign_in_mixed_up:
    "The response came from a different sign-in service than the one that was asked. You are not signed in. Start again on the server's page.",
  issuer_mismatch: "This server's sign-in service identifies itself as a different one.",
  sign_in_unreachable: "This server's sign-in service can't be used.",
  sign_in_bad_response: "This server's sign-in service sent a response that Patchbay can't use.",
  sign_in_unsupported:
    'This server offers no sign-in that Patchbay can use. If it requires a manually registered client, enter its client ID.',
};

export interface SignInProblemOptions {
  cause?: unknown;
  /** The authorization server no longer knows the client, or not for this: another registration may help. */
  isAboutClient?: boolean;
  issuers?: { expected: string; received: string };
}

/** Has a sentence for the user. Of what a foreign server said it quotes addresses and codes, and never prose. */
export class SignInProblem extends Error {
  override readonly name = 'SignInProblem';
  readonly code: SignInProblemCode;
  readonly isAboutClient: boolean;
  /** What was expected and what came instead, where issuers differ. */
  readonly issuers: { expected: string; received: string } | null;

  constructor(code: SignInProblemCode, detail: string | null, options: SignInProblemOptions = {}) {
    const { cause, isAboutClient = false, issuers = null } = options;
    super(detail === null ? SENTENCES[code] : `${SENTENCES[code]} ${detail}`, { cause });
    this.code = code;
    this.isAboutClient = isAboutClient;
    this.issuers = issuers;
  }
}

/** @param expected what the server names; @param received what the metadata found there claims */
export function issuerMismatch(expected: string, received: string): SignInProblem {
  const detail =
    `Expected ${quoted(expected)}, but its metadata says ${quoted(received)}.` +
    ' An owner or admin of the workspace can accept this for this server.';
  return new SignInProblem('issuer_mismatch', detail, { issuers: { expected, received } });
}

/** The problem behind anything that a sign-in throws. */
export function problemOfSignIn(error: unknown): SignInProblem {
  if (error instanceof SignInProblem) return error;
  if (error instanceof IssuerMismatchError) {
    const [expected, received] = [quoted(error.expected), quoted(error.received)];
    const detail = `Expected the issuer ${expected}, but it came from ${received}.`;
    return new SignInProblem('sign_in_mixed_up', detail, { cause: error });
  }
  if (error instanceof OAuthError) return problemOfRefusal(error);
  // Nothing is there that registers.
  const hasNone = error instanceof RegistrationRejectedError && [404, 405, 501].includes(error.status);
  if (error instanceof RegistrationRejectedError && !hasNone) {
    const detail = `It refused to register Patchbay${said(codeIn(error.body))}, with status ${error.status}. If you have registered a client there manually, enter its client ID.`;
    return new SignInProblem('sign_in_refused', detail, { cause: error });
  }
  // Ours in the chain of causes: the network, or an address that may not be asked.
  const { code } = classify(error);
  if (error instanceof AppError || (error instanceof TypeError && code !== 'internal'))
    return new SignInProblem('sign_in_unreachable', describeError(code).message, { cause: error });
  return new SignInProblem('sign_in_unsupported', null, { cause: error });
}

const UNKNOWN_CLIENT =
  "It doesn't recognize this client. Sign in again to have Patchbay register again. If you entered a client ID yourself, correct it.";

function problemOfRefusal(error: OAuthError): SignInProblem {
  if (error.code === 'access_denied') return new SignInProblem('sign_in_denied', null, { cause: error });
  const isAboutClient = isUnknownClient(error.code);
  const code = isCode(error.code) ? `It said: ${error.code}.` : null;
  const detail = isAboutClient ? `${code} ${UNKNOWN_CLIENT}` : code;
  return new SignInProblem('sign_in_refused', detail, { cause: error, isAboutClient });
}

/** Error codes (RFC 6749, sections 4.1.2.1 and 5.2) after which a client that registers again may succeed. */
function isUnknownClient(code: string): boolean {
  return code === 'invalid_client' || code === 'unauthorized_client';
}

const isCode = (text: string): boolean => /^[a-z_]{1,60}$/.test(text);
const said = (code: string | null): string => (code === null ? '' : ` (${code})`);

function codeIn(body: string): string | null {
  const [, code = ''] = /"error"\s*:\s*"([^"]*)"/.exec(body) ?? [];
  return isCode(code) ? code : null;
}

/** An issuer as it may be shown: it may come from an attacker, who has no sentence to say there. */
function quoted(issuer: string | undefined): string {
  if (issuer === undefined) return 'no issuer';
  return /^[\x21-\x7e]{1,300}$/.test(issuer) && URL.canParse(issuer) ? `“${issuer}”` : '(not a URL)';
}
