import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { open, parseSecretKeys, seal } from './secret-envelope.ts';

const key = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const owner = { workspaceId: 'w1', serverId: 's1' };

describe('secret envelope', () => {
  it('gives back what was sealed, whatever the characters', async () => {
    const keys = parseSecretKeys(key('k1'));
    const sealed = await seal('sk-ключ-🔑', owner, keys);
    expect(JSON.stringify(sealed)).not.toContain('sk-');
    expect(await open(sealed, owner, keys)).toBe('sk-ключ-🔑');
  });

  it('seals with the first key and still opens what an older one sealed', async () => {
    const older = key('old');
    const sealed = await seal('secret', owner, parseSecretKeys(older));
    const keys = parseSecretKeys(`${key('new')},${older}`);
    expect(await open(sealed, owner, keys)).toBe('secret');
    expect((await seal('secret', owner, keys)).key_id).toBe('new');
  });

  it('uses a fresh nonce every time', async () => {
    const keys = parseSecretKeys(key('k1'));
    const [a, b] = [await seal('secret', owner, keys), await seal('secret', owner, keys)];
    expect(a.nonce).not.toBe(b.nonce);
    expect(a.ciphertext).not.toBe(b.ciphertext);
  });

  it.each([
    ['another server', { workspaceId: 'w1', serverId: 's2' }],
    ['another workspace', { workspaceId: 'w2', serverId: 's1' }],
  ])('does not open for %s', async (_who, other) => {
    const keys = parseSecretKeys(key('k1'));
    const sealed = await seal('secret', owner, keys);
    await expect(open(sealed, other, keys)).rejects.toMatchObject({ code: 'internal' });
  });

  const bound = { ...owner, address: 'https://host.example/tenant/mcp', issuer: 'https://as.example' };
  it.each([
    ['another path', { ...bound, address: 'https://host.example/attacker/mcp' }],
    ['another query', { ...bound, address: 'https://host.example/tenant/mcp?to=attacker' }],
    ['another origin', { ...bound, address: 'https://evil.example/tenant/mcp' }],
    ['another issuer', { ...bound, issuer: 'https://evil.example' }],
    ['no issuer', { ...bound, issuer: null }],
    ['no address', { ...owner, issuer: bound.issuer }],
    ['neither', owner],
  ])('that is bound to an address and issuer does not open for %s', async (_what, other) => {
    const keys = parseSecretKeys(key('k1'));
    const sealed = await seal('secret', bound, keys);
    expect(await open(sealed, bound, keys)).toBe('secret');
    await expect(open(sealed, other, keys)).rejects.toMatchObject({ code: 'internal' });
  });

  it('opens for another spelling of its address', async () => {
    const keys = parseSecretKeys(key('k1'));
    const sealed = await seal('secret', bound, keys);
    const address = 'HTTPS://Host.Example:443/tenant/mcp#x';
    expect(await open(sealed, { ...bound, address }, keys)).toBe('secret');
  });

  it('of before addresses were bound still opens', async () => {
    const keys = parseSecretKeys(key('k1'));
    expect(await open(await seal('secret', owner, keys), bound, keys)).toBe('secret');
  });

  it('does not open under another key id, though the key is the same', async () => {
    const text = randomBytes(32).toString('base64');
    const keys = parseSecretKeys(`a:${text},b:${text}`);
    const sealed = await seal('secret', owner, keys);
    await expect(open({ ...sealed, key_id: 'b' }, owner, keys)).rejects.toMatchObject({ code: 'internal' });
    await expect(open({ ...sealed, key_id: 'c' }, owner, keys)).rejects.toMatchObject({ code: 'internal' });
  });

  it.each([undefined, '', 'no-colon', 'k1:too-short', `:${'A'.repeat(44)}`])(
    'refuses the setting %s',
    (env) => {
      expect(() => parseSecretKeys(env)).toThrow('PATCHBAY_SECRETS_KEYS');
    },
  );

  it('does not quote a malformed setting', () => {
    expect(() => parseSecretKeys('k1:c2VjcmV0')).toThrow(expect.not.stringContaining('c2VjcmV0') as Error);
  });
});
