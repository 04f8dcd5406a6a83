import assert from 'node:assert/strict';
import type { FunctionSettingsAnswer } from '../../../shared/src/contract/schema/functions.ts';
import { digestSetting } from '../../../shared/src/engine/secrets/setting-digest.ts';
import { handle } from './handle.ts';

const NONCE = 'a-nonce-of-the-doctor';
const SECRET = 'livekit-secret-canary';
const KEY = btoa('k'.repeat(32));
const ask = async (env: Record<string, string>, nonce = NONCE) =>
  (await handle({ nonce }, env)).body as FunctionSettingsAnswer;

Deno.test('settings are returned, and secrets only as a digest for one nonce', async () => {
  const env = {
    LIVEKIT_URL: 'wss://livekit.example',
    LIVEKIT_API_KEY: 'api-key-canary',
    LIVEKIT_API_SECRET: SECRET,
    PATCHBAY_ADDRESS_POLICY: 'local',
    PATCHBAY_WEB_URL: 'https://patchbay.example/',
    PATCHBAY_SECRETS_KEYS: `new:${KEY}, old:${KEY}`,
    PATCHBAY_SIGNING_KEY: btoa('{"kty":"EC","kid":"signing","d":"private-canary"}'),
  };
  const settings = await ask(env);
  assert.equal(settings.livekit_url, env.LIVEKIT_URL);
  assert.equal(settings.address_policy, 'local');
  assert.equal(settings.signing_key_id, 'signing');
  assert.equal(settings.web_url, 'https://patchbay.example');
  assert.deepEqual(
    settings.secrets_keys.map(({ id }) => id),
    ['new', 'old'],
  );
  assert.equal(settings.livekit_api_secret, await digestSetting(SECRET, NONCE));
  assert.equal(settings.secrets_keys[0]?.digest, await digestSetting(KEY, NONCE));
  assert.notEqual((await ask(env, `${NONCE}-2`)).livekit_api_secret, settings.livekit_api_secret);
  for (const secret of ['canary', KEY]) assert.ok(!JSON.stringify(settings).includes(secret));
});

Deno.test('what is not set is null, or what counts then', async () => {
  assert.deepEqual(await ask({ LIVEKIT_API_SECRET: '' }), {
    livekit_url: null,
    livekit_api_key: null,
    livekit_api_secret: null,
    agent_name: 'patchbay',
    address_policy: 'public',
    secrets_keys: [],
    signing_key_id: null,
    web_url: null,
    runtime: { version: Deno.version.deno, lacks: [] },
  });
  assert.equal((await ask({ PATCHBAY_SIGNING_KEY: '{"kid":"not in base64"}' })).signing_key_id, '');
});
