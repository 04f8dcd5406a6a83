/**
 * Counts requests to each host before they are made, over all tenants, so that nobody makes the installation attack a
 * host. Work runs in `HostAdmission.run`; every outgoing request in it is counted, whatever asked for it: a redirect, the
 * discovery of a sign-in, a token.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { AppError } from '../../contract/errors.ts';
import type { ServiceRpc } from '../service-rpc.ts';
import { FairSlots } from './fair-slots.ts';

/** So many requests are counted at a time: most visits of a host need no second count. */
const COUNTED_AT_A_TIME = 5;
/** How long a request waits for others to the same host to end. */
const LONGEST_WAIT_MS = 3_000;
const RETRY_SLOT_MS = 50;
const DEFAULT_AT_ONCE = 20;
/** When to retry after the wait timed out. */
const BUSY_RETRY_MS = 5_000;

/** What `count_host_requests` returns. */
export const HostAllowance = z.object({ wait_s: z.int(), at_once: z.int().nullable() });
export type HostAllowance = z.infer<typeof HostAllowance>;

/** Counts requests under the names of a host. */
export type CountHostRequests = (hosts: string[], requests: number) => Promise<HostAllowance>;

/** @param payer is charged: a user, or the owner of a workspace */
export function hostRequestCounter(
  rpc: ServiceRpc,
  payer: { p_workspace_id: string } | { p_user_id: string },
): CountHostRequests {
  return async (hosts, requests) => {
    const args = { p_hosts: hosts, p_requests: requests, ...payer };
    return HostAllowance.parse(await rpc('count_host_requests', args));
  };
}

/** Counts without waiting for the answer, so nothing is refused or delayed; what could not be counted is not. */
export function countedAside(count: CountHostRequests): CountHostRequests {
  return async (hosts, requests) => {
    void count(hosts, requests).catch(() => {});
    return { wait_s: 0, at_once: null };
  };
}

const visits = new AsyncLocalStorage<Visit>();

/** The limits of one process: how much work visits a host at a time. */
export class HostAdmission {
  readonly #slots = new Map<string, FairSlots>();
  #atOnce: number = DEFAULT_AT_ONCE;

  /** @param owner who is charged; owners share what is allowed */
  async run<T>(owner: string, count: CountHostRequests, work: () => Promise<T>): Promise<T> {
    const visit = new Visit(this, owner, count);
    try {
      return await visits.run(visit, work);
    } finally {
      visit.end();
    }
  }

  /** Takes effect for hosts that nobody visits at the moment. */
  allow(atOnce: number | null): void {
    this.#atOnce = Math.max(1, atOnce ?? Infinity);
  }

  take(host: string, owner: string): boolean {
    const slots = this.#slots.get(host) ?? new FairSlots(this.#atOnce);
    if (!slots.hasRoomFor(owner)) return false;
    slots.take(owner);
    this.#slots.set(host, slots);
    return true;
  }

  release(host: string, owner: string): void {
    const slots = this.#slots.get(host);
    slots?.release(owner);
    if (slots?.taken === 0) this.#slots.delete(host);
  }
}

class Visit {
  readonly #admission: HostAdmission;
  readonly #owner: string;
  readonly #count: CountHostRequests;
  /** Requests to each host that are counted and not made yet. */
  readonly #left = new Map<string, number>();
  readonly #held = new Set<string>();
  #isOver = false;

  constructor(admission: HostAdmission, owner: string, count: CountHostRequests) {
    this.#admission = admission;
    this.#owner = owner;
    this.#count = count;
  }

  async admit(host: string, addressesOf: (host: string) => Promise<string[]>): Promise<void> {
    // A session that goes on after the visit in which it was opened.
    if (this.#isOver) return;
    const left = this.#left.get(host) ?? 0;
    if (left > 0) {
      this.#left.set(host, left - 1);
      return;
    }
    // A name without an address is never connected to.
    const addresses = await addressesOf(host).catch(() => []);
    await this.#takeSlot(host);
    const names = [`name:${host}`, ...new Set(addresses.map(nameOfAddress))];
    const { wait_s, at_once } = await this.#count(names, COUNTED_AT_A_TIME);
    this.#admission.allow(at_once);
    if (wait_s > 0) throw busy(wait_s * 1_000);
    this.#left.set(host, (this.#left.get(host) ?? 0) + COUNTED_AT_A_TIME - 1);
  }

  end(): void {
    this.#isOver = true;
    for (const host of this.#held) this.#admission.release(host, this.#owner);
    this.#held.clear();
  }

  async #takeSlot(host: string): Promise<void> {
    for (let waitedMs = 0; !this.#held.has(host); waitedMs += RETRY_SLOT_MS) {
      if (this.#isOver) return;
      if (this.#admission.take(host, this.#owner)) this.#held.add(host);
      else if (waitedMs >= LONGEST_WAIT_MS) throw busy(BUSY_RETRY_MS);
      else await delay(RETRY_SLOT_MS);
    }
  }
}

/**
 * Counts a request that is about to be made; does nothing outside of `HostAdmission.run`.
 * @throws AppError `host_busy` with the time after which to try again
 */
export async function admitRequest(
  url: URL,
  addressesOf: (host: string) => Promise<string[]>,
): Promise<void> {
  const host = url.hostname.toLowerCase().replace(/\.$/, '');
  await visits.getStore()?.admit(host, addressesOf);
}

/** The same for all spellings of an address, IPv4 within IPv6 included. */
function nameOfAddress(address: string): string {
  return `address:${ipaddr.isValid(address) ? ipaddr.process(address).toString() : address}`;
}

function busy(retryAfterMs: number): AppError {
  const message = `Patchbay is limiting its requests to this host. Try again in ${Math.ceil(retryAfterMs / 1_000)} s.`;
  return new AppError('host_busy', { message, retryAfterMs });
}
