import { FairSlots } from '@patchbay/shared/engine/outgoing/fair-slots';

/** So many times as many servers as there are slots are held, so that no slot is idle during a claim. */
const HELD_FOR_SLOT = 2;

/** What a monitor has claimed: probes that hold a slot, and jobs that wait until their owner may take one. */
export class ClaimedJobs<Job extends { owner_id: string }> {
  readonly #slots: FairSlots;
  #waiting: { job: Job; claimedAtMs: number }[] = [];

  /** @param slots probes at a time */
  constructor(slots: number) {
    this.#slots = new FairSlots(slots);
  }

  /** How many more may be claimed. */
  get room(): number {
    return this.#slots.size * HELD_FOR_SLOT - this.#slots.taken - this.#waiting.length;
  }

  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Whether so much is claimed already that another claim should wait. */
  get isStocked(): boolean {
    return this.room < this.#slots.size / 2;
  }

  /** How many jobs of each owner are held, waiting ones included. */
  get heldByOwner(): Record<string, number> {
    const held = Object.fromEntries(this.#slots.held);
    for (const { job } of this.#waiting) held[job.owner_id] = (held[job.owner_id] ?? 0) + 1;
    return held;
  }

  add(jobs: readonly Job[], claimedAtMs: number): void {
    this.#waiting.push(...jobs.map((job) => ({ job, claimedAtMs })));
  }

  /** The first waiting job whose owner may take a slot, which it takes; `release` gives it back. */
  takeNext(): Job | null {
    const index = this.#waiting.findIndex(({ job }) => this.#slots.hasRoomFor(job.owner_id));
    const [next] = index < 0 ? [] : this.#waiting.splice(index, 1);
    if (!next) return null;
    this.#slots.take(next.job.owner_id);
    return next.job;
  }

  release(job: Job): void {
    this.#slots.release(job.owner_id);
  }

  /** Takes out the jobs that were claimed before a time and wait still: their lease could end during the probe. */
  takeOverdue(claimedBeforeMs: number): Job[] {
    const overdue = this.#waiting.filter(({ claimedAtMs }) => claimedAtMs < claimedBeforeMs);
    if (overdue.length > 0) this.#waiting = this.#waiting.filter((one) => !overdue.includes(one));
    return overdue.map(({ job }) => job);
  }
}
