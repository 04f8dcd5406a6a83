import { describe, expect, it } from 'vitest';
import { codeOfStatus, isSessionRefusal, refusalError } from './refusal.ts';

it.each([
  [302, 'redirected'],
  [400, 'request_rejected'],
  [401, 'unauthorized'],
  [403, 'forbidden'],
  [404, 'not_found'],
  [405, 'request_rejected'],
  [410, 'not_found'],
  [421, 'host_rejected'],
  [422, 'request_rejected'],
  [429, 'rate_limited'],
  [500, 'server_error'],
  [503, 'server_error'],
])('HTTP %i means %s', (status, code) => {
  expect(codeOfStatus(status)).toBe(code);
});

it('passes on what the server said, and the status where the code does not tell it', () => {
  expect(refusalError({ status: 422, reason: 'x must be positive' })).toMatchObject({
    code: 'request_rejected',
    message: 'The server rejected the request (HTTP 422). It said: x must be positive.',
    said: 'x must be positive',
  });
  expect(refusalError({ status: 500, reason: null }).message).toBe(
    'The server failed to process the request.',
  );
});

describe('a rejected Host header', () => {
  it.each([
    [403, 'Access is only allowed at localhost:8931, 127.0.0.1:8931'],
    [403, 'Invalid Host header: mcp.example.com'],
    [403, 'Invalid Host: mcp.example.com'],
    [403, 'Forbidden: Host header is not allowed'],
    [403, 'Forbidden: invalid Host header "x"'],
    [403, 'Blocked hosts: mcp.example.com'],
    [403, 'Blocked request. This host ("mcp.example.com") is not allowed.'],
    [400, "Invalid HTTP_HOST header: 'x'. You may need to add 'x' to ALLOWED_HOSTS."],
    [421, 'Invalid Host header'],
    [400, 'DisallowedHost at /mcp'],
    [421, null],
    [403, 'DNS rebinding protection'],
  ])('%i %s is no matter of the credential, and tried again', (status, reason) => {
    expect(refusalError({ status, reason })).toMatchObject({ code: 'host_rejected', retryable: true });
  });

  it('is also seen below the title of a page', () => {
    const body = '<title>Exception caught</title><h1>Blocked hosts: mcp.example.com</h1>';
    expect(refusalError({ status: 403, reason: 'Exception caught', body }).code).toBe('host_rejected');
  });

  it.each([
    [403, 'Your plan does not allow more hosts'],
    [403, 'You are not allowed to see this ghost'],
    [403, 'Origin is not allowed'],
    [403, null],
    [401, 'Invalid host key'],
  ])('is not seen in %i %s', (status, reason) => {
    expect(refusalError({ status, reason }).code).not.toBe('host_rejected');
  });
});

describe('a session that the server does not know', () => {
  const call = { method: 'tools/call', isResponse: false };

  it.each([
    ['the specification', 404, null],
    ['TypeScript', 404, 'Session not found'],
    ['most servers in TypeScript', 400, 'Bad Request: No valid session ID provided'],
    ['TypeScript, one session', 400, 'Bad Request: Server not initialized'],
    ['Python', 404, 'Not Found: Session has been terminated'],
    ['older ones in Python', 400, 'Bad Request: Missing session ID'],
    ['Go (mcp-go)', 400, 'Invalid session ID'],
    ['Java', 404, 'Session not found: 1234'],
    ['Rust', 401, 'Unauthorized: Session not found'],
    ['the old SSE in TypeScript', 400, 'No transport found for sessionId'],
    ['the old SSE in Python', 400, 'session_id is required'],
    ['an example for Express', 400, 'Invalid or missing session ID'],
    ['Rust, newer', 422, 'Unexpected message, expect initialize request'],
    ['one in TypeScript', 503, 'MCP session is unknown or expired on this instance'],
  ])('%s: %i %s', (_whose, status, reason) => {
    expect(isSessionRefusal({ status, reason }, call)).toBe(true);
    if (reason) expect(isSessionRefusal({ status, reason }, { ...call, method: 'ping' })).toBe(true);
    expect(isSessionRefusal({ status, reason }, { ...call, method: 'initialize' })).toBe(false);
  });

  it.each([
    ['Bad Request: No valid session ID provided'],
    ['Session not found'],
    ['Mcp-Session-Id header is required'],
    ['Unknown session: 1234'],
    ['Invalid or missing session ID'],
    ['Server not initialized'],
  ])('also with the id of our request, when it speaks of nothing else: %s', (reason) => {
    expect(isSessionRefusal({ status: 400, reason }, { ...call, isResponse: true })).toBe(true);
  });

  it.each([
    [400, 'Unknown value for x', true],
    [404, 'No such record', true],
    [404, null, true],
    [400, 'Your bank session has expired, please log in again', true],
    [422, 'The field session is too long', false],
    [400, 'x must be positive', false],
    [400, null, false],
    [401, 'Token expired', false],
    [500, 'oops', false],
  ])('is not meant by %i %s', (status, reason, isResponse) => {
    expect(isSessionRefusal({ status, reason }, { ...call, isResponse })).toBe(false);
  });

  it('is meant by the bare 404 of a call, and not by one that says more', () => {
    const said = (reason: string | null) => isSessionRefusal({ status: 404, reason }, call);
    expect(['Not Found', 'Session not found', null].map(said)).toEqual([true, true, true]);
    expect(said('No customer 42')).toBe(false);
  });

  it('is recognized by a bare 400 to a list, but not by a bare 404 to a ping', () => {
    const said = (status: number, method: string) =>
      isSessionRefusal({ status, reason: null }, { method, isResponse: false });
    expect([said(400, 'tools/list'), said(404, 'ping'), said(400, 'ping')]).toEqual([true, false, false]);
  });
});
