/** The test authorization servers record issued tokens and proofs beside the stack's data; none may be found elsewhere. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type Provider from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { z } from 'zod';

/** Each kind of secret in a sign-in. */
export const SIGN_IN_SECRETS = [
  'an access token',
  'a refresh token',
  'a token of a registration',
  'a client secret',
  'an authorization code',
  'a PKCE verifier',
] as const;
const Issued = z.object({ what: z.enum(SIGN_IN_SECRETS), secret: z.string().min(20) });
type Issued = z.infer<typeof Issued>;

/** Outside of the logs, which are searched. */
function notebook(): string | null {
  const stack = process.env['PATCHBAY_STACK'];
  return stack ? join(dirname(stack), 'issued.jsonl') : null;
}

/** Without a stack there is nothing to search, and nothing is noted. */
export function noteIssued(what: Issued['what'], secret: string): void {
  const file = notebook();
  if (file) appendFileSync(file, `${JSON.stringify({ what, secret })}\n`);
}

/** Everything that was noted, by all tests so far. */
export function readIssued(): Issued[] {
  const file = notebook();
  if (!file || !existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => Issued.parse(JSON.parse(line)));
}

/** Notes what a provider issues, from now on. Its opaque tokens are their own ids. */
export function noteWhatIsIssuedBy(provider: Provider): void {
  const noteId =
    (what: Issued['what']) =>
    ({ jti }: { jti: string }) =>
      noteIssued(what, jti);
  provider.on('access_token.saved', noteId('an access token'));
  provider.on('client_credentials.saved', noteId('an access token'));
  provider.on('refresh_token.saved', noteId('a refresh token'));
  provider.on('registration_access_token.saved', noteId('a token of a registration'));
  provider.on('authorization_code.saved', noteId('an authorization code'));
  const noteRequest = ({ oidc }: KoaContextWithOIDC) => {
    const verifier = oidc.params?.['code_verifier'];
    if (typeof verifier === 'string') noteIssued('a PKCE verifier', verifier);
  };
  provider.on('grant.success', noteRequest);
  provider.on('grant.error', noteRequest);
}
