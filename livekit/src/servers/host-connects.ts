/**
 * Counts the connections of a conversation across all tenants, like probes. The first connections to a host, and those
 * that a call waits for, don't wait for the count; the others do, and may be postponed. A connection counts as five
 * requests: handshake, first list and subscription.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Admit } from '@patchbay/shared/engine/session/connection';
import {
  countedAside,
  HostAdmission,
  type CountHostRequests,
  type HostAllowance,
} from '@patchbay/shared/engine/outgoing/host-admission';

/** For each host in one conversation. */
const FIRST_CONNECTS = 10;
/** Many servers of a host connect at the same time and are counted together. */
const BATCH_MS = 20;
/** A database that does not answer delays no connection longer. */
const COUNT_WITHIN_MS = 1_000;
/** Concurrent connections until the database has answered. */
const DEFAULT_AT_ONCE = 20;
/** A process has one conversation, which gets one owner's part of the slots: half. */
const OWNER = 'conversation';

interface Batch {
  requests: number;
  answer: Promise<HostAllowance>;
}

export class HostConnects {
  readonly #count: CountHostRequests;
  readonly #asked = new HostAdmission();
  readonly #others = new HostAdmission();
  #admitted: HostAllowance = { wait_s: 0, at_once: DEFAULT_AT_ONCE };
  /** By host names. */
  readonly #connects = new Map<string, number>();
  readonly #batches = new Map<string, Batch>();

  constructor(count: CountHostRequests) {
    this.#count = count;
    this.#asked.allow(null);
  }

  /** Rejects with `host_busy` when the host gets too many requests, except for a connection that a call waits for. */
  readonly admit: Admit = (work, isAsked) =>
    isAsked
      ? this.#asked.run(OWNER, countedAside(this.#countTogether), work)
      : this.#others.run(OWNER, this.#countConnect, work);

  readonly #countConnect: CountHostRequests = async (hosts, requests) => {
    const key = hosts.join();
    const before = this.#connects.get(key) ?? 0;
    this.#connects.set(key, before + 1);
    const counted = this.#countTogether(hosts, requests).catch(() => this.#admitted);
    if (before < FIRST_CONNECTS) return this.#admitted;
    return Promise.race([counted, delay(COUNT_WITHIN_MS, this.#admitted, { ref: false })]);
  };

  readonly #countTogether: CountHostRequests = (hosts, requests) => {
    const key = hosts.join();
    const open = this.#batches.get(key);
    if (open) {
      open.requests += requests;
      return open.answer;
    }
    const batch = { requests, answer: Promise.resolve(this.#admitted) };
    batch.answer = this.#closeBatch(hosts, batch);
    this.#batches.set(key, batch);
    return batch.answer;
  };

  async #closeBatch(hosts: string[], batch: Batch): Promise<HostAllowance> {
    await delay(BATCH_MS);
    this.#batches.delete(hosts.join());
    const answer = await this.#count(hosts, batch.requests);
    this.#admitted = { wait_s: 0, at_once: answer.at_once };
    return answer;
  }
}
