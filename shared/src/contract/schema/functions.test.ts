import { describe, expect, it } from 'vitest';
import { readFields } from './fields.ts';
import { CredentialText, NoticeWebhookBody, ServerCredentialBody, TestConnectionBody } from './functions.ts';

const SERVER_ID = '0198f2a0-7c1e-4b6e-9d52-3a6f0f6f0001';

describe('the body of test-connection', () => {
  const errorsOf = (body: unknown) => {
    const read = readFields(TestConnectionBody, body);
    return read.ok ? null : read.fieldErrors;
  };

  it('names a stored server', () => {
    expect(TestConnectionBody.parse({ server_id: SERVER_ID })).toEqual({ server_id: SERVER_ID });
  });

  it('describes a draft, with defaults', () => {
    expect(TestConnectionBody.parse({ url: 'https://example.com/mcp', credential: 'k' })).toEqual({
      url: 'https://example.com/mcp',
      transport: 'auto',
      protocol_era: 'auto',
      auth_method: 'none',
      auth_header: 'X-API-Key',
      credential: 'k',
    });
  });

  it('tells the errors of what was meant, not of the other form', () => {
    expect(Object.keys(errorsOf({ server_id: 'nope' }) ?? {})).toEqual(['server_id']);
    expect(Object.keys(errorsOf({ url: ' ' }) ?? {})).toEqual(['url']);
    expect(Object.keys(errorsOf({}) ?? {})).toEqual(['url']);
    expect(errorsOf(null)).toHaveProperty(['']);
  });
});

describe('the body of notice-webhook', () => {
  const workspace_id = SERVER_ID;
  const codesOf = (body: object) => {
    const read = readFields(NoticeWebhookBody, { workspace_id, ...body });
    return read.ok
      ? {}
      : Object.fromEntries(Object.entries(read.fieldErrors).map(([k, [e]]) => [k, e?.code]));
  };

  it('is an address, or asks for a test message', () => {
    expect(codesOf({ url: ' https://hooks.example/x ' })).toEqual({});
    expect(codesOf({ test: true })).toEqual({});
  });

  it('tells by code what is wrong', () => {
    expect(codesOf({})).toEqual({ url: 'required' });
    expect(codesOf({ url: 5 })).toEqual({ url: 'wrong_type' });
    expect(codesOf({ url: 'hooks.example' })).toEqual({ url: 'bad_format' });
    expect(codesOf({ url: 'ftp://hooks.example' })).toEqual({ url: 'unsupported_scheme' });
    expect(codesOf({ url: 'https://me:key@hooks.example' })).toEqual({ url: 'secret_in_url' });
    expect(codesOf({ test: 'yes' })).toEqual({ test: 'unknown_choice' });
  });
});

it('a credential can be removed, but not left out', () => {
  expect(ServerCredentialBody.safeParse({ server_id: SERVER_ID, credential: null }).success).toBe(true);
  expect(ServerCredentialBody.safeParse({ server_id: SERVER_ID }).success).toBe(false);
});

it.each(['', '  ', 'two\nlines', 'with\u0000zero', 'schlüssel'])('%j is no credential', (text) => {
  expect(CredentialText.safeParse(text).success).toBe(false);
});
