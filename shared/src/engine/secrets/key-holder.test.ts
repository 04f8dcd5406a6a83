import { expect, it } from 'vitest';
import { keyOwnerOf } from './key-holder.ts';
import { open, parseSecretKeys, seal } from './secret-envelope.ts';

it('a key is of the member who entered it where each has one, and of the workspace elsewhere', () => {
  const holder = (
    auth_method: 'api_key' | 'bearer_token' | 'oauth',
    credential_scope: 'workspace' | 'member',
  ) =>
    keyOwnerOf({ id: 's', url: 'https://mcp.example/a', auth_method, credential_scope }, 'w', 'ada').holderId;
  expect(holder('api_key', 'member')).toBe('ada');
  expect(holder('bearer_token', 'member')).toBe('ada');
  expect(holder('api_key', 'workspace')).toBe(null);
  // Of a sign-in only the secret of its client is stored as a key.
  expect(holder('oauth', 'member')).toBe(null);
});

it('what is sealed for a member opens for nobody else, nor for the workspace', async () => {
  const keys = parseSecretKeys(`k:${btoa('k'.repeat(32))}`);
  const server = {
    id: 's',
    url: 'https://mcp.example/a',
    auth_method: 'api_key',
    credential_scope: 'member',
  } as const;
  const ofAda = await seal('key-of-ada', keyOwnerOf(server, 'w', 'ada'), keys);
  expect(await open(ofAda, keyOwnerOf(server, 'w', 'ada'), keys)).toBe('key-of-ada');
  await expect(open(ofAda, keyOwnerOf(server, 'w', 'bob'), keys)).rejects.toThrow();
  await expect(open(ofAda, keyOwnerOf(server, 'w', null), keys)).rejects.toThrow();
  const moved = { ...server, url: 'https://mcp.example/b' };
  await expect(open(ofAda, keyOwnerOf(moved, 'w', 'ada'), keys)).rejects.toThrow();
});
