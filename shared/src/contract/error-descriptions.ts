/** What each error code is about, and what people read when it happens. */

/**
 * What a failure is about: `address`: the server's URL is wrong or leads elsewhere; `network`: no response arrived;
 * `credential`: a key, token, sign-in or permission is missing or rejected; `protocol`: the server responded with
 * something other than a valid result; `tool`: this tool, its arguments or the right to call it; `internal`: Patchbay's
 * own limits and faults, which say nothing about the server.
 */
export type ErrorSubject = 'address' | 'network' | 'credential' | 'protocol' | 'tool' | 'internal';

export interface ErrorDescription {
  about: ErrorSubject;
  /** One sentence for the user: what happened. */
  message: string;
  /** What the user can do about it. */
  hint: string;
  /** Whether the same request may succeed later without any change by the user. */
  retryable: boolean;
}

/** Every error code; the lists of codes elsewhere derive from this table. */
export const DESCRIPTIONS = {
  invalid_url: {
    about: 'address',
    message: "This isn't a valid web address.",
    hint: 'Enter the full address of the MCP endpoint, such as https://example.com/mcp.',
    retryable: false,
  },
  blocked_address: {
    about: 'address',
    message: "Patchbay isn't allowed to connect to this address.",
    hint: 'Use an https address that can be reached from the public internet.',
    retryable: false,
  },
  dns_failed: {
    about: 'network',
    message: 'The host name could not be found.',
    hint: 'Check the spelling of the host name.',
    retryable: true,
  },
  connection_refused: {
    about: 'network',
    message: 'The server refused the connection.',
    hint: 'Check the port, and make sure the server is running.',
    retryable: true,
  },
  unreachable: {
    about: 'network',
    message: 'The server could not be reached.',
    hint: 'Check the address, and make sure the server is online and reachable from the internet.',
    retryable: true,
  },
  tls_failed: {
    about: 'network',
    message: 'A secure connection could not be established.',
    hint: "Check the server's TLS certificate. If the server doesn't use TLS, enter an http address.",
    retryable: true,
  },
  timeout: {
    about: 'network',
    message: 'The server did not respond in time.',
    hint: 'Check that the address is the MCP endpoint. If the server is slow, increase its timeout.',
    retryable: true,
  },
  unauthorized: {
    about: 'credential',
    message: 'The server rejected the credential.',
    hint: 'Check the authentication method, then enter the key or token again.',
    retryable: false,
  },
  forbidden: {
    about: 'credential',
    message: 'The server denied access.',
    hint: 'Check that the key or token has permission to use this server.',
    retryable: false,
  },
  not_found: {
    about: 'address',
    message: 'Nothing was found at this path on the server.',
    hint: 'Check the path of the address. It often ends in /mcp or /sse.',
    retryable: true,
  },
  host_rejected: {
    about: 'address',
    message: 'The server rejects the host name of this address.',
    hint: "Add the host name to the server's allowed hosts, or have the tunnel or proxy rewrite the Host header.",
    retryable: true,
  },
  request_rejected: {
    about: 'protocol',
    message: 'The server rejected the request.',
    hint: "Read the server's message, and check that the address is the MCP endpoint.",
    retryable: true,
  },
  redirected: {
    about: 'address',
    message: 'The server redirects to another address.',
    hint: "Enter the address that the server redirects to, unless it's a sign-in page.",
    retryable: false,
  },
  redirect_loop: {
    about: 'address',
    message: 'The server redirects in a loop.',
    hint: 'Fix the redirects of the server or its proxy. Try the address with or without a trailing slash, or with https.',
    retryable: true,
  },
  login_page: {
    about: 'address',
    message: 'This address shows a sign-in page instead of an MCP endpoint.',
    hint: 'Exempt the MCP endpoint from the proxy or single sign-on in front of it, or enter a key that it accepts.',
    retryable: true,
  },
  not_mcp: {
    about: 'address',
    message: "This address responds, but it isn't an MCP server.",
    hint: 'Check the path of the address. It often ends in /mcp or /sse.',
    retryable: true,
  },
  protocol_error: {
    about: 'protocol',
    message: 'The server sent an invalid MCP message.',
    hint: 'Check that the address is the MCP endpoint and that the server is up to date.',
    retryable: true,
  },
  unsupported_version: {
    about: 'protocol',
    message: 'The server supports no MCP version that Patchbay supports.',
    hint: 'Update the server. If you chose a protocol for it, set that back to auto-detect.',
    retryable: false,
  },
  unreadable_compression: {
    about: 'protocol',
    message: "Patchbay can't decompress the server's response.",
    hint: 'Disable compression for the MCP endpoint, on the server or on its proxy.',
    retryable: true,
  },
  response_too_large: {
    about: 'protocol',
    message: "The server's response is too large.",
    hint: 'Check that the address is the MCP endpoint, or make the server return less.',
    retryable: false,
  },
  rate_limited: {
    about: 'protocol',
    message: 'The server is limiting requests.',
    hint: 'Wait a moment. Patchbay retries automatically.',
    retryable: true,
  },
  server_error: {
    about: 'protocol',
    message: 'The server failed to process the request.',
    hint: "Check the server's log. Patchbay retries automatically.",
    retryable: true,
  },
  session_lost: {
    about: 'protocol',
    message: 'The server no longer recognizes the MCP session.',
    hint: "Patchbay starts a new session automatically. You don't need to do anything.",
    retryable: true,
  },
  session_rejected: {
    about: 'protocol',
    message: 'The server rejects the MCP session that it just opened.',
    hint: 'If several instances serve this address, configure the load balancer for sticky sessions.',
    retryable: true,
  },
  connection_lost: {
    about: 'network',
    message: 'The connection to the server was lost during the request.',
    hint: 'The server may or may not have completed the request. Patchbay reconnects automatically.',
    retryable: true,
  },
  tool_not_found: {
    about: 'tool',
    message: 'The server has no tool with this name.',
    hint: "Refresh the server's tools.",
    retryable: false,
  },
  tool_disabled: {
    about: 'tool',
    message: 'This tool is disabled.',
    hint: "Enable the tool on its server's page.",
    retryable: false,
  },
  role_too_low: {
    about: 'tool',
    message: 'Your role in this workspace allows only read-only tools.',
    hint: 'Ask an owner or admin of the workspace to change your role.',
    retryable: false,
  },
  invalid_arguments: {
    about: 'tool',
    message: 'The tool rejected these arguments.',
    hint: "Compare the arguments with the tool's input schema.",
    retryable: false,
  },
  input_required: {
    about: 'protocol',
    message: "The tool asks for input that Patchbay can't provide.",
    hint: "Pass the input in the tool's arguments, or set it up on the server.",
    retryable: false,
  },
  call_rejected: {
    about: 'tool',
    message: 'The server rejected the tool call.',
    hint: "Read the server's message.",
    retryable: false,
  },
  queue_full: {
    about: 'internal',
    message: 'Too many calls are waiting for this server.',
    hint: "Try again when the waiting calls are done, or raise the server's limit on concurrent calls.",
    retryable: true,
  },
  host_busy: {
    about: 'internal',
    message: 'Patchbay is limiting its requests to this host.',
    hint: 'Requests to one host are limited across all workspaces. Wait a minute; Patchbay retries automatically.',
    retryable: true,
  },
  probe_crashed: {
    about: 'protocol',
    message: 'A health check of this server crashed.',
    hint: 'Patchbay now checks it separately, once an hour. Find out what the server sends, then edit the server to have it checked again.',
    retryable: true,
  },
  cancelled: {
    about: 'internal',
    message: 'The request was canceled.',
    hint: 'Start it again if you still need it.',
    retryable: false,
  },
  credential_missing: {
    about: 'credential',
    message: 'The server needs a key or token, and none is set for its address.',
    hint: "Enter the key or token in the server's settings, or confirm its new address there.",
    retryable: false,
  },
  sign_in_required: {
    about: 'credential',
    message: 'This server needs you to sign in.',
    hint: 'Open the server in Patchbay and choose "Sign in".',
    retryable: false,
  },
  scope_required: {
    about: 'credential',
    message: "Your sign-in doesn't include the permissions that this call needs.",
    hint: 'Open the server in Patchbay, choose "Sign in", and approve the requested permissions.',
    retryable: false,
  },
  internal: {
    about: 'internal',
    message: 'Something went wrong in Patchbay.',
    hint: "Try again. If it keeps happening, check Patchbay's log.",
    retryable: false,
  },
} as const satisfies Record<string, ErrorDescription>;
