import type {
  FunctionSettingsAnswer,
  FunctionSettingsBody,
} from '../../../shared/src/contract/schema/functions.ts';
import { digestSecretKeys, digestSetting } from '../../../shared/src/engine/secrets/setting-digest.ts';
import { succeed, type Answer } from '../_shared/answer.ts';
import { describeRuntime } from '../_shared/runtime-needs.ts';
import { DEFAULT_AGENT_NAME, type Environment, webUrlOf } from '../_shared/settings.ts';
import { readSigningKey } from '../_shared/signing-key.ts';

/** Tells `npm run doctor` whether the functions have what they need, and the same as the others: never a secret. */
export async function handle({ nonce }: FunctionSettingsBody, env: Environment): Promise<Answer> {
  const digest = async (value: string | undefined) => (value ? await digestSetting(value, nonce) : null);
  const settings: FunctionSettingsAnswer = {
    livekit_url: env.LIVEKIT_URL || null,
    livekit_api_key: await digest(env.LIVEKIT_API_KEY),
    livekit_api_secret: await digest(env.LIVEKIT_API_SECRET),
    agent_name: env.PATCHBAY_AGENT_NAME || DEFAULT_AGENT_NAME,
    address_policy: env.PATCHBAY_ADDRESS_POLICY || 'public',
    secrets_keys: await digestSecretKeys(env.PATCHBAY_SECRETS_KEYS, nonce),
    signing_key_id: env.PATCHBAY_SIGNING_KEY ? (readSigningKey(env.PATCHBAY_SIGNING_KEY)?.kid ?? '') : null,
    web_url: webUrlOf(env),
    runtime: await describeRuntime(),
  };
  return succeed(settings);
}
