import type { ErrorCode } from './errors.ts';

/**
 * Words that the agent puts after the name of a server or tool, without a full stop. Apart from the other words for an
 * error, which are part of every page.
 */
export const ERROR_SPEECH: Record<ErrorCode, string> = {
  invalid_url: 'has an address that is not valid',
  blocked_address: 'has an address that I may not connect to',
  dns_failed: 'could not be found',
  connection_refused: 'is not running right now',
  unreachable: 'is not reachable right now',
  tls_failed: 'has a problem with its security certificate',
  timeout: 'did not answer in time',
  unauthorized: 'did not accept its key',
  forbidden: 'refused access',
  not_found: 'was not found at its address',
  host_rejected: 'rejects the address that I use',
  request_rejected: 'rejected the request',
  redirected: 'has moved to another address',
  redirect_loop: 'redirects endlessly',
  login_page: 'shows a sign-in page instead of answering',
  not_mcp: 'does not answer as it should',
  unsupported_version: 'needs an update before I can use it',
  protocol_error: 'gave an answer that I could not understand',
  unreadable_compression: 'sent a response that I could not read',
  response_too_large: 'gave an answer that is too large',
  rate_limited: 'is too busy right now',
  server_error: 'has a problem right now',
  session_lost: 'lost its connection',
  session_rejected: 'rejects its own sessions',
  connection_lost: 'stopped answering',
  tool_not_found: 'is not available any more',
  tool_disabled: 'is switched off',
  invalid_arguments: 'did not accept what I asked',
  input_required: 'asks for something that I cannot answer',
  call_rejected: 'answered with an error',
  queue_full: 'has too much to do right now',
  cancelled: 'was cancelled',
  credential_missing: 'needs a key that is not set',
  sign_in_required: 'needs you to sign in to it, on its page',
  scope_required: 'needs you to allow more for this, on its page',
  internal: 'cannot be used right now',
};
