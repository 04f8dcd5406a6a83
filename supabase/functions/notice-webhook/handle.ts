import { checkUrl, type AddressPolicy } from '../../../shared/src/engine/outgoing/address-policy.ts';
import { AppError } from '../../../shared/src/contract/errors.ts';
import type { FieldCode } from '../../../shared/src/contract/schema/fields.ts';
import type { NoticeWebhookBody } from '../../../shared/src/contract/schema/functions.ts';
import { seal, type SecretKeys } from '../../../shared/src/engine/secrets/secret-envelope.ts';
import { refuse, succeed, type Answer } from '../_shared/answer.ts';
import type { Database } from '../_shared/database.ts';
import type { Webhooks } from './webhooks.ts';

/** Standard Webhooks ask for 24 to 64 bytes. */
const SECRET_BYTES = 32;

export interface NoticeWebhookDeps {
  database: Pick<Database, 'countCall'>;
  webhooks: Webhooks;
  policy: AddressPolicy;
  readKeys: () => SecretKeys;
}

/**
 * Sets the webhook of a workspace, or sends it a test message. The key that signs is made here and answered once:
 * when the webhook is new, or when a new key is asked for.
 */
export async function handle(body: NoticeWebhookBody, deps: NoticeWebhookDeps): Promise<Answer> {
  const { database, webhooks, policy, readKeys } = deps;
  const workspaceId = body.workspace_id;
  const role = await webhooks.roleIn(workspaceId);
  if (!role) return refuse(404, 'workspace_not_found', 'There is no such workspace.');
  if (role !== 'owner' && role !== 'admin')
    return refuse(403, 'role_too_low', 'Your role in this workspace does not allow this.');

  await database.countCall('function_calls', workspaceId);
  const known = await webhooks.find(workspaceId);
  if ('test' in body) {
    if (!known) return refuse(404, 'webhook_not_found', 'This workspace has no webhook.');
    return testAnswers[await webhooks.sendTest(workspaceId)];
  }
  try {
    checkUrl(body.url, policy);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const code: FieldCode = error.code === 'blocked_address' ? 'blocked_address' : 'bad_format';
    const field_errors = { url: [{ code, message: error.message }] };
    return refuse(400, error.code, error.message, { field_errors });
  }
  const id = known ?? crypto.randomUUID();
  const secret = known && !body.new_secret ? null : makeSecret();
  const sealed = secret === null ? null : await seal(secret, { workspaceId, serverId: id }, readKeys());
  await webhooks.put({ id, workspaceId, url: body.url, secret: sealed });
  return succeed({ secret });
}

const testAnswers: Record<Awaited<ReturnType<Webhooks['sendTest']>>, Answer> = {
  queued: succeed({ secret: null }),
  waiting: refuse(409, 'test_waiting', 'A test message is already queued. Its result will appear shortly.'),
  off: refuse(409, 'webhook_off', 'The webhook is disabled. Save its URL to enable it again.'),
};

function makeSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  return `whsec_${btoa(String.fromCharCode(...bytes))}`;
}
