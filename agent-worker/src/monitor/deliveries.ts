/** Sends the notices of workspaces to their webhooks, as Standard Webhooks (https://www.standardwebhooks.com). */
import { backoffMs } from '@patchbay/shared/engine/backoff';
import { pause } from '@patchbay/shared/engine/pause';
import type { AddressPolicy } from '@patchbay/shared/engine/outgoing/address-policy';
import { classify } from '@patchbay/shared/engine/messages/classify';
import { createOutgoingFetch } from '@patchbay/shared/engine/outgoing/outgoing-fetch';
import { open, type SecretKeys } from '@patchbay/shared/engine/secrets/secret-envelope';
import { Webhook } from 'standardwebhooks';
import type { Log } from '@patchbay/livekit/log';
import { countingFor } from './counted-hosts.ts';
import type { Attempt, Delivery, MonitorDatabase } from './database.ts';

const SEND_TIMEOUT_MS = 5_000;
const LEASE_MS = SEND_TIMEOUT_MS + 25_000;
const AT_ONCE = 8;
const CLAIM_AGAIN_MS = 1_000;
const FIRST_RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 10_000;
/** The waits after the first attempt and each that follows; with the last one a message is given up. */
export const RETRY_MS: readonly number[] = [
  5_000, 30_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000,
];

export interface DeliveriesOptions {
  database: Pick<MonitorDatabase, 'claimDeliveries' | 'finishDelivery' | 'serviceRpc'>;
  policy: AddressPolicy;
  keys: SecretKeys;
  log: Pick<Log, 'warn'>;
  /** The waits before each further attempt, in milliseconds; after the last one a message is given up. */
  retryMs: readonly number[];
  random: () => number;
}

/**
 * Works until stopped; what is being sent then is finished. A receiver that hangs holds one of the slots, and the database
 * gives no owner more than half of those that are free.
 */
export async function runDeliveries(options: DeliveriesOptions, stop: AbortSignal): Promise<void> {
  const { database, log, random } = options;
  const sending = new Set<Promise<void>>();
  const send = (delivery: Delivery): void => {
    const sent = attempt(delivery, options)
      .then((ended) => database.finishDelivery(delivery, ended))
      .catch((error: unknown) => log.warn({ error }, 'the end of a delivery was not stored'))
      .finally(() => sending.delete(sent));
    sending.add(sent);
  };
  let failures = 0;
  while (!stop.aborted) {
    try {
      if (sending.size >= AT_ONCE) await Promise.race(sending);
      const limit = AT_ONCE - sending.size;
      const deliveries = await database.claimDeliveries(limit, LEASE_MS);
      for (const delivery of deliveries) send(delivery);
      failures = 0;
      if (deliveries.length < limit) await pause(CLAIM_AGAIN_MS * (0.5 + random()), stop);
    } catch (error) {
      failures += 1;
      log.warn({ error, failures }, 'no messages could be claimed');
      await pause(random() * backoffMs(failures, FIRST_RETRY_MS, LONGEST_RETRY_MS), stop);
    }
  }
  await Promise.all(sending);
}

/** Sends one message once; never rejects. */
async function attempt(delivery: Delivery, options: DeliveriesOptions): Promise<Attempt> {
  const retryMs = nextRetryMs(delivery, options);
  const outgoing = createOutgoingFetch({ policy: options.policy });
  try {
    const owner = { workspaceId: delivery.workspace_id, serverId: delivery.webhook_id };
    const secret = await open(delivery.secret, owner, options.keys);
    const body = JSON.stringify(delivery.body);
    const headers = {
      'content-type': 'application/json',
      ...signatureHeaders(secret, delivery.id, body, new Date()),
    };
    const signal = AbortSignal.timeout(SEND_TIMEOUT_MS);
    const response = await countingFor(options.database, delivery, () =>
      outgoing.fetch(delivery.url, { method: 'POST', headers, body, signal }),
    );
    await response.body?.cancel();
    const isRemoved = response.status === 410;
    return {
      isDelivered: response.ok,
      httpStatus: response.status,
      errorCode: null,
      retryMs: isRemoved ? null : retryMs,
      isRemoved,
    };
  } catch (error) {
    const { code } = classify(error);
    return { isDelivered: false, httpStatus: null, errorCode: code, retryMs, isRemoved: false };
  } finally {
    await outgoing.close();
  }
}

/** The three headers by which a receiver knows that a message is ours, and whole, and new. */
function signatureHeaders(secret: string, id: string, body: string, at: Date): Record<string, string> {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, at, body),
  };
}

function nextRetryMs({ attempts, body }: Delivery, { retryMs, random }: DeliveriesOptions): number | null {
  // The sender of a test sees its outcome on the page.
  const waitMs = body.type === 'webhook.test' ? undefined : retryMs[attempts];
  return waitMs === undefined ? null : waitMs * (0.8 + random() * 0.4);
}
