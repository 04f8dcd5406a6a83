import { describe, expect, it } from 'vitest';
import { normalizeRegistration, normalizeTokenResponse } from './token-response.ts';

const response = (body: unknown, status = 200, contentType = 'application/json') => ({
  status,
  contentType,
  text: typeof body === 'string' ? body : JSON.stringify(body),
});
const FORM = 'application/x-www-form-urlencoded; charset=utf-8';
const good = { access_token: 'a', token_type: 'Bearer' };

describe('normalizeTokenResponse', () => {
  it.each([
    ['nulls', { ...good, refresh_token: null, scope: null, expires_in: null, error: null }, good],
    ['a missing token type', { access_token: 'a' }, good],
    ['a list of scopes', { ...good, scope: ['read', 'write'] }, { ...good, scope: 'read write' }],
    ['scopes with commas', { ...good, scope: 'repo,gist' }, { ...good, scope: 'repo gist' }],
    ['seconds as text', { ...good, expires_in: '3600' }, { ...good, expires_in: 3600 }],
    ['seconds that are none', { ...good, expires_in: 'soon' }, good],
    ['blank texts', { ...good, refresh_token: '', scope: ' ', expires_in: '' }, good],
    ['members of another type', { ...good, id_token: 7, scope: {} }, good],
  ])('reads %s', (_what, body, read) => {
    expect(normalizeTokenResponse(response(body))).toEqual({ status: 200, body: read });
  });

  it.each([
    ['a form', FORM],
    ['a form that says that it is text', 'text/plain'],
    ['a form that says that it is JSON', 'application/json'],
  ])('reads %s', (_what, type) => {
    const form = 'access_token=gho_1&expires_in=28800&scope=repo%2Cgist&token_type=bearer';
    const read = { access_token: 'gho_1', token_type: 'bearer', scope: 'repo gist', expires_in: 28_800 };
    expect(normalizeTokenResponse(response(form, 200, type))).toEqual({ status: 200, body: read });
  });

  it.each([
    ['an error with status 200', response({ error: 'invalid_grant' }), 400, 'invalid_grant'],
    ['an error in a form', response('error=bad_verification_code', 200, FORM), 400, 'invalid_grant'],
    [
      'an error with nulls',
      response({ error: 'invalid_client', error_description: null }, 401),
      401,
      'invalid_client',
    ],
    ['an error as an object', response({ error: { code: 'invalid_client' } }, 401), 401, 'invalid_client'],
    ['an error of GitHub', response({ error: 'incorrect_client_credentials' }), 400, 'invalid_client'],
    ['an error without a code', response({ error: { message: 'no' } }, 400), 400, 'invalid_request'],
  ])('reads %s', (_what, reply, status, error) => {
    expect(normalizeTokenResponse(reply)).toEqual({ status, body: { error } });
  });

  it('takes tokens where the service adds a member called error', () => {
    expect(normalizeTokenResponse(response({ ...good, error: '' })).body).toEqual(good);
  });

  it.each([
    [
      'a web page',
      response('<!doctype html><title>Login</title>', 200, 'text/html'),
      /web page \(status 200\)/,
    ],
    ['a web page as JSON', response('<html>', 404), /web page \(status 404\)/],
    ['nothing', response('', 200), /with nothing/],
    ['text', response('ok', 200, 'text/plain'), /isn’t JSON/],
    ['a list', response([]), /isn’t JSON/],
    ['an answer without a token', response({ token_type: 'Bearer' }), /no access_token/],
    ['a blank token', response({ access_token: '' }), /no access_token/],
    ['a failure', response('busy', 503, 'text/plain'), /status 503/],
  ])('says that it got %s', (_what, reply, message) => {
    expect(() => normalizeTokenResponse(reply)).toThrow(message);
  });
});

describe('normalizeRegistration', () => {
  const sent = JSON.stringify({ redirect_uris: ['https://page.example/oauth/callback'] });
  const read = (body: unknown, status = 201) => normalizeRegistration(response(body, status), sent);

  it('keeps what is used, and repairs what is null, of another type or missing', () => {
    expect(
      read({
        client_id: 7,
        client_secret: null,
        client_secret_expires_at: '1800000000',
        redirect_uris: null,
        logo_uri: 'none',
        token_endpoint_auth_method: 'none',
      }).body,
    ).toEqual({
      client_id: '7',
      client_secret_expires_at: 1_800_000_000,
      redirect_uris: ['https://page.example/oauth/callback'],
      token_endpoint_auth_method: 'none',
    });
  });

  it('passes a refusal on, and says what is wrong with an answer', () => {
    expect(read({ error: 'invalid_redirect_uri' }, 400)).toEqual({
      status: 400,
      body: { error: 'invalid_redirect_uri' },
    });
    expect(() => read({})).toThrow(/no client_id/);
    expect(() => read('<html>')).toThrow(/web page/);
  });
});
