/**
 * Tells whether two runtimes hold the same secret without either telling it: both give the digest of it for a
 * nonce that one of them made up. Meant for keys made by a machine, which nobody finds by trying.
 */

/**
 * @param nonce new each time, so that a digest is worth nothing later
 * @returns HMAC-SHA-256 in hex
 */
export async function digestSetting(value: string, nonce: string): Promise<string> {
  const text = new TextEncoder();
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', text.encode(value), algorithm, false, ['sign']);
  const digest = await crypto.subtle.sign('HMAC', key, text.encode(nonce));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The entries of `PATCHBAY_SECRETS_KEYS`, each with the digest of its key. */
export async function digestSecretKeys(
  env: string | undefined,
  nonce: string,
): Promise<{ id: string; digest: string }[]> {
  const entries = (env ?? '').split(',').filter(Boolean);
  return Promise.all(
    entries.map(async (entry) => {
      const [id = '', key = ''] = entry.split(':').map((part) => part.trim());
      return { id, digest: await digestSetting(key, nonce) };
    }),
  );
}
