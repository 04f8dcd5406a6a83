/** What to tell people about each error code. */
import type { ErrorCode } from './errors.ts';

export interface ErrorDescription {
  /** One sentence for the user. */
  message: string;
  /** What the user can do about it. */
  hint: string;
  /** Whether the same thing may work when tried again without any change by the user. */
  retryable: boolean;
}

export const DESCRIPTIONS: Record<ErrorCode, ErrorDescription> = {
  invalid_url: {
    message: 'This is not a web address.',
    hint: 'Enter the full address of the MCP endpoint, such as https://example.com/mcp.',
    retryable: false,
  },
  blocked_address: {
    message: 'Patchbay may not connect to this address.',
    hint: 'Use an https address that is reachable from the public internet.',
    retryable: false,
  },
  dns_failed: {
    message: 'The host name could not be found.',
    hint: 'Check the spelling of the host name.',
    retryable: true,
  },
  connection_refused: {
    message: 'Nothing answers at this address.',
    hint: 'Check the port, and that the server is running.',
    retryable: true,
  },
  unreachable: {
    message: 'The server could not be reached.',
    hint: 'Check the address, and that the server is online and reachable from the internet.',
    retryable: true,
  },
  tls_failed: {
    message: 'No secure connection could be made.',
    hint: 'Check the certificate of the server; a server without TLS needs an http address.',
    retryable: true,
  },
  timeout: {
    message: 'The server did not answer in time.',
    hint: 'Check that the address is the MCP endpoint; a slow server may need a longer time-out.',
    retryable: true,
  },
  unauthorized: {
    message: 'The server did not accept the credential.',
    hint: 'Check the authentication method and enter the key or token again.',
    retryable: false,
  },
  forbidden: {
    message: 'The server refused access.',
    hint: 'Check that the key or token has permission to use this server.',
    retryable: false,
  },
  not_found: {
    message: 'There is nothing at this path of the server.',
    hint: 'Check the path of the address; it often ends in /mcp or /sse.',
    retryable: true,
  },
  host_rejected: {
    message: 'The server rejects the host name of this address.',
    hint: "Add the host name to the server's allowed hosts, or have the tunnel or proxy rewrite the Host header.",
    retryable: true,
  },
  request_rejected: {
    message: 'The server rejected the request.',
    hint: "Read the server's message, and check that the address is the MCP endpoint.",
    retryable: true,
  },
  redirected: {
    message: 'The server redirects to another address.',
    hint: 'Enter the address that the server names, unless it is a sign-in page.',
    retryable: false,
  },
  redirect_loop: {
    message: 'The server redirects endlessly.',
    hint: 'Fix the redirects of the server or its proxy: try the address with or without a trailing slash, or with https.',
    retryable: true,
  },
  login_page: {
    message: 'This address shows a sign-in page instead of an MCP endpoint.',
    hint: 'Exempt the MCP endpoint from the proxy or single sign-on in front of it, or enter a key that it accepts.',
    retryable: true,
  },
  not_mcp: {
    message: 'A web server answers here, but it is no MCP server.',
    hint: 'Check the path of the address; it often ends in /mcp or /sse.',
    retryable: true,
  },
  unsupported_version: {
    message: 'The server speaks no protocol version that Patchbay speaks.',
    hint: 'Update the server; if you chose a protocol for it, set that back to auto-detect.',
    retryable: false,
  },
  protocol_error: {
    message: 'The server answered with something that is not valid in the protocol.',
    hint: 'Check that the address is the MCP endpoint and that the server is up to date.',
    retryable: true,
  },
  unreadable_compression: {
    message: "Patchbay can't decompress the server's response.",
    hint: 'Disable compression for the MCP endpoint, on the server or on its proxy.',
    retryable: true,
  },
  response_too_large: {
    message: 'The answer of the server is too large.',
    hint: 'Check that the address is the MCP endpoint, or let the server answer with less.',
    retryable: false,
  },
  rate_limited: {
    message: 'The server asks for fewer requests.',
    hint: 'Wait a moment; Patchbay tries again by itself.',
    retryable: true,
  },
  server_error: {
    message: 'The server failed while answering.',
    hint: 'Look into the log of the server; Patchbay tries again by itself.',
    retryable: true,
  },
  session_lost: {
    message: 'The server has forgotten the session.',
    hint: 'Patchbay begins a new session by itself; nothing is to be done.',
    retryable: true,
  },
  session_rejected: {
    message: 'The server rejects the MCP session that it just opened.',
    hint: 'If several instances serve this address, configure the load balancer for sticky sessions.',
    retryable: true,
  },
  connection_lost: {
    message: 'The connection to the server was lost during the request.',
    hint: 'It is not known whether the server did the work; Patchbay connects again by itself.',
    retryable: true,
  },
  tool_not_found: {
    message: 'The server has no tool of this name.',
    hint: 'Refresh the tools of the server.',
    retryable: false,
  },
  tool_disabled: {
    message: 'This tool is switched off.',
    hint: 'Switch the tool on in the tools of its server.',
    retryable: false,
  },
  role_too_low: {
    message: 'Your role in this workspace allows only read-only tools.',
    hint: 'Ask an owner or admin of the workspace for another role.',
    retryable: false,
  },
  invalid_arguments: {
    message: 'The tool does not accept these arguments.',
    hint: 'Compare the arguments with the input schema of the tool.',
    retryable: false,
  },
  input_required: {
    message: "The tool asks for input that Patchbay can't give.",
    hint: 'Give the tool what it asks for in its arguments, or set it up on the server.',
    retryable: false,
  },
  call_rejected: {
    message: 'The server answered the call with an error.',
    hint: "Read the server's message.",
    retryable: false,
  },
  queue_full: {
    message: 'Too many calls are waiting for this server.',
    hint: 'Try again when the waiting calls are done, or raise the number of calls at a time.',
    retryable: true,
  },
  host_busy: {
    message: 'Patchbay is limiting its requests to this host.',
    hint: 'Requests to one host are limited across all workspaces. Wait a minute; Patchbay retries automatically.',
    retryable: true,
  },
  probe_crashed: {
    message: 'A health check of this server crashed.',
    hint: 'Patchbay now checks it separately, once an hour. Find out what the server sends, then edit the server to check it again.',
    retryable: true,
  },
  cancelled: {
    message: 'The request was cancelled.',
    hint: 'Start it again if it is still wanted.',
    retryable: false,
  },
  credential_missing: {
    message: 'The server needs a key or token, and none is set for its address.',
    hint: 'Enter the key or token in the settings of the server, or confirm its new address there.',
    retryable: false,
  },
  sign_in_required: {
    message: 'This server needs you to sign in.',
    hint: 'Open the server in Patchbay and choose "Sign in".',
    retryable: false,
  },
  scope_required: {
    message: 'The server wants more rights for this than your sign-in gives.',
    hint: 'Open the server in Patchbay, choose "Sign in", and agree to them.',
    retryable: false,
  },
  internal: {
    message: 'Something went wrong in Patchbay.',
    hint: 'Try again; if it stays so, look into the log of Patchbay.',
    retryable: false,
  },
};
