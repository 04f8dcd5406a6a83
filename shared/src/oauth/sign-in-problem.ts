import {
  AuthorizationServerMismatchError,
  IssuerMismatchError,
  OAuthError,
} from '@modelcontextprotocol/client';
import { AppError, describeError } from '../errors.ts';
import { classify } from '../mcp/classify.ts';

/** What may go wrong between "Sign in" and being signed in. Programs compare these. */
export type SignInProblemCode =
  'sign_in_denied' | 'sign_in_refused' | 'sign_in_mixed_up' | 'sign_in_unreachable' | 'sign_in_unsupported';

const SENTENCES: Record<SignInProblemCode, string> = {
  sign_in_denied: 'The sign-in was refused on the page of the server. Nothing has changed.',
  sign_in_refused: 'The sign-in service of this server did not accept the request.',
  sign_in_mixed_up:
    'The answer did not come from the sign-in service that was asked. You are not signed in; begin again on the page of the server.',
  sign_in_unreachable: 'The sign-in service of this server cannot be used.',
  sign_in_unsupported:
    'This server offers no sign-in that Patchbay can use. It may want a client that is registered by hand: enter its client id.',
};

/** Has a sentence for the user, which never quotes what a foreign server said. */
export class SignInProblem extends Error {
  override readonly name = 'SignInProblem';
  readonly code: SignInProblemCode;

  constructor(code: SignInProblemCode, detail: string | null, cause?: unknown) {
    super(detail === null ? SENTENCES[code] : `${SENTENCES[code]} ${detail}`, { cause });
    this.code = code;
  }
}

/** The problem behind anything that a sign-in throws. */
export function problemOfSignIn(error: unknown): SignInProblem {
  if (error instanceof SignInProblem) return error;
  if (error instanceof IssuerMismatchError || error instanceof AuthorizationServerMismatchError)
    return new SignInProblem('sign_in_mixed_up', null, error);
  if (error instanceof OAuthError) {
    if (error.code === 'access_denied') return new SignInProblem('sign_in_denied', null, error);
    const isCode = /^[a-z_]{1,60}$/.test(error.code);
    return new SignInProblem('sign_in_refused', isCode ? `It said: ${error.code}.` : null, error);
  }
  // Ours in the chain of causes: the network, or an address that may not be asked.
  const { code } = classify(error);
  if (error instanceof AppError || (error instanceof TypeError && code !== 'internal'))
    return new SignInProblem('sign_in_unreachable', describeError(code).message, error);
  return new SignInProblem('sign_in_unsupported', null, error);
}
