/** Sends the notices of workspaces to their webhooks, as Standard Webhooks (https://www.standardwebhooks.com). */
import { setTimeout as delay } from 'node:timers/promises';
import type { AddressPolicy } from '@patchbay/shared/address-policy';
import { classify } from '@patchbay/shared/mcp/classify';
import { createOutgoingFetch } from '@patchbay/shared/mcp/outgoing-fetch';
import { open, type SecretKeys } from '@patchbay/shared/secret-envelope';
import { Webhook } from 'standardwebhooks';
import type { Log } from '../log.ts';
import type { Attempt, Delivery, MonitorDatabase } from './database.ts';

const SEND_TIMEOUT_MS = 15_000;
const LEASE_MS = SEND_TIMEOUT_MS + 25_000;
const AT_ONCE = 8;
const LOOK_AGAIN_MS = 1_000;
const LONGEST_RETRY_MS = 10_000;
/** The waits after the first attempt and each that follows; with the last one a message is given up. */
const RETRY_MS = [5_000, 30_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000];

export interface DeliveriesOptions {
  database: Pick<MonitorDatabase, 'claimDeliveries' | 'finishDelivery'>;
  policy: AddressPolicy;
  keys: SecretKeys;
  log: Pick<Log, 'warn'>;
  /** How many times as fast as usual failed messages are sent again. */
  speed: number;
  random: () => number;
}

/** Works until stopped; what is being sent then is finished. */
export async function runDeliveries(options: DeliveriesOptions, stop: AbortSignal): Promise<void> {
  const { database, log, random } = options;
  const pause = (ms: number) => delay(ms, undefined, { signal: stop }).catch(() => {});
  let failures = 0;
  while (!stop.aborted) {
    try {
      const deliveries = await database.claimDeliveries(AT_ONCE, LEASE_MS);
      await Promise.all(
        deliveries.map(async (delivery) =>
          database.finishDelivery(delivery, await attempt(delivery, options)),
        ),
      );
      failures = 0;
      if (deliveries.length < AT_ONCE) await pause(LOOK_AGAIN_MS * (0.5 + random()));
    } catch (error) {
      failures += 1;
      log.warn({ error, failures }, 'no messages could be claimed');
      await pause(random() * Math.min(LONGEST_RETRY_MS, 1_000 * 2 ** failures));
    }
  }
}

/** Sends one message once; never rejects. */
async function attempt(delivery: Delivery, options: DeliveriesOptions): Promise<Attempt> {
  const retryMs = nextRetryMs(delivery.attempts, options);
  const outgoing = createOutgoingFetch({ policy: options.policy });
  try {
    const owner = { workspaceId: delivery.workspace_id, serverId: delivery.webhook_id };
    const secret = await open(delivery.secret, owner, options.keys);
    const body = JSON.stringify(delivery.body);
    const response = await outgoing.fetch(delivery.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...signatureHeaders(secret, delivery.id, body, new Date()),
      },
      body,
      signal: AbortSignal.timeout(SEND_TIMEOUT_MS),
    });
    await response.body?.cancel();
    const isGone = response.status === 410;
    return {
      isDelivered: response.ok,
      httpStatus: response.status,
      errorCode: null,
      retryMs: isGone ? null : retryMs,
      isGone,
    };
  } catch (error) {
    const { code } = classify(error);
    return { isDelivered: false, httpStatus: null, errorCode: code, retryMs, isGone: false };
  } finally {
    await outgoing.close();
  }
}

/** The three headers by which a receiver knows that a message is ours, and whole, and new. */
export function signatureHeaders(secret: string, id: string, body: string, at: Date): Record<string, string> {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, at, body),
  };
}

function nextRetryMs(attempts: number, { speed, random }: DeliveriesOptions): number | null {
  const waitMs = RETRY_MS[attempts];
  return waitMs === undefined ? null : (waitMs * (0.8 + random() * 0.4)) / speed;
}
