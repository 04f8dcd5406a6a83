/**
 * Describes why Auth or a provider redirected without a session, by their error codes. Their description is not shown,
 * since anyone can put one into a URL.
 */
export function callbackProblem(error: string | null, code: string | null): { title: string; hint: string } {
  switch (code ?? error) {
    case 'access_denied':
      return { title: 'You canceled the sign-in.', hint: 'Start again, or sign in by email.' };
    case 'otp_expired':
      return {
        title: 'This link has expired or was already used.',
        hint: 'Sign in, or request a new link on the sign-in page.',
      };
    case 'provider_email_needs_verification':
      return {
        title: 'Your email address is not verified with that service.',
        hint: 'Verify it there, or open the link that we sent to it, then sign in again.',
      };
    case 'signup_disabled':
      return { title: 'Sign-ups are disabled.', hint: 'Ask the operator of this site for an account.' };
    case 'user_banned':
      return { title: 'This account is blocked.', hint: 'Ask the operator of this site for the reason.' };
    case 'bad_oauth_state':
    case 'bad_code_verifier':
    case 'flow_state_expired':
    case 'flow_state_not_found':
    case 'pkce_code_verifier_not_found':
      return {
        title: 'This sign-in took too long, or was started in another browser.',
        hint: 'Start again, and finish it in the same browser.',
      };
    case 'over_request_rate_limit':
      return { title: 'Too many attempts from your network.', hint: 'Wait a minute, then start again.' };
    default:
      return {
        title: 'Sign-in failed.',
        hint: 'Try again in a moment, or sign in by email.',
      };
  }
}
