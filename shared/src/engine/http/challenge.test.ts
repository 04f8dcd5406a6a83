import { describe, expect, it } from 'vitest';
import { readChallenge } from './challenge.ts';

const read = (header: string | null) =>
  readChallenge(
    new Headers(header === null ? {} : { 'www-authenticate': header }),
    'https://mcp.example/mcp',
  );

describe('readChallenge', () => {
  it.each([
    [null, null, null, null],
    ['Bearer', null, null, null],
    ['Bearer realm="x", error="invalid_token"', 'invalid_token', null, null],
    ['bearer error=insufficient_scope, scope="read write"', 'insufficient_scope', 'read write', null],
    ['Bearer resource_metadata="https://a.example/prm"', null, null, 'https://a.example/prm'],
    ['Bearer resource_metadata=https://a.example/prm,scope=a', null, 'a', 'https://a.example/prm'],
    [
      'Basic realm="y", Bearer resource_metadata="https://a.example/prm"',
      null,
      null,
      'https://a.example/prm',
    ],
    ['Bearer resource_metadata="/prm"', null, null, 'https://mcp.example/prm'],
    ['Bearer resource_metadata="https://"', null, null, null],
    [
      String.raw`Bearer error_description="say \"error=x\"", error="invalid_token"`,
      'invalid_token',
      null,
      null,
    ],
    ['Bearer scope=""', null, null, null],
  ])('reads %s', (header, error, scope, url) => {
    const { resourceMetadataUrl, ...rest } = read(header);
    expect({ ...rest, url: resourceMetadataUrl?.href ?? null }).toEqual({ error, scope, url });
  });
});
