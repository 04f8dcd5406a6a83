import { expect, it } from 'vitest';
import { normalizeMetadata } from './metadata-document.ts';

const AS = new URL('https://as.example/.well-known/oauth-authorization-server/tenant');
const RESOURCE = new URL('https://mcp.example/.well-known/oauth-protected-resource/mcp');
const endpoints = {
  issuer: 'https://as.example/tenant',
  authorization_endpoint: 'https://as.example/authorize',
  token_endpoint: 'https://as.example/token',
};

it('keeps an empty list of challenge methods, which says that there are none', () => {
  const read = (methods: unknown) =>
    normalizeMetadata({ ...endpoints, code_challenge_methods_supported: methods }, AS);
  expect(read([])).toMatchObject({ code_challenge_methods_supported: [] });
  expect(read([null, 7])).toMatchObject({ code_challenge_methods_supported: [] });
  expect(read(null)).not.toHaveProperty('code_challenge_methods_supported');
});

it('drops members that are null or of a type that nobody can read, and keeps the rest', () => {
  const read = normalizeMetadata(
    {
      ...endpoints,
      registration_endpoint: null,
      revocation_endpoint: '',
      service_documentation: 'javascript:alert(1)',
      scopes_supported: ['read', null, 7, 'write'],
      grant_types_supported: null,
      code_challenge_methods_supported: 'S256',
      authorization_response_iss_parameter_supported: 'yes',
      client_id_metadata_document_supported: true,
      introspection_endpoint: 7,
      custom: 'kept',
    },
    AS,
  );
  expect(read).toMatchObject({
    ...endpoints,
    scopes_supported: ['read', 'write'],
    code_challenge_methods_supported: ['S256'],
    client_id_metadata_document_supported: true,
    custom: 'kept',
  });
  for (const dropped of [
    'registration_endpoint',
    'revocation_endpoint',
    'service_documentation',
    'grant_types_supported',
    'authorization_response_iss_parameter_supported',
    'introspection_endpoint',
  ])
    expect(read).not.toHaveProperty(dropped);
});

it('fills in what has an obvious default', () => {
  const { issuer: _, ...anonymous } = endpoints;
  expect(normalizeMetadata(anonymous, AS)).toMatchObject({
    issuer: 'https://as.example/tenant',
    response_types_supported: ['code'],
  });
  expect(
    normalizeMetadata({ ...endpoints, token_endpoint: '/token', authorization_endpoint: 'a' }, AS),
  ).toMatchObject({ token_endpoint: 'https://as.example/token' });
  expect(normalizeMetadata({ authorization_servers: 'https://as.example' }, RESOURCE)).toEqual({
    resource: 'https://mcp.example/mcp',
    authorization_servers: ['https://as.example'],
  });
});

it('says which endpoint is missing', () => {
  const { token_endpoint: _, ...rest } = endpoints;
  expect(() => normalizeMetadata(rest, AS)).toThrow(/https:\/\/as\.example has no token_endpoint/);
  expect(() => normalizeMetadata({ ...endpoints, authorization_endpoint: null }, AS)).toThrow(
    /no authorization_endpoint/,
  );
});

it.each([[null], ['text'], [[]], [{}], [{ error: 'not_found' }]])('takes %j for no metadata', (document) => {
  expect(normalizeMetadata(document, AS)).toBe(null);
});
