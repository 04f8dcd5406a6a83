/**
 * The lease rules of `claim_due_servers` and `finish_probes` in memory, in whole seconds. Each workspace has an owner of
 * its own.
 */
export interface Claim {
  server: number;
  leaseId: number;
  claimedAt: number;
  /** Seconds that the server waited after it was due. */
  waited: number;
}

export class Ledger {
  readonly #workspaceOf: Uint32Array;
  readonly #due: Float64Array;
  readonly #leasedUntil: Float64Array;
  readonly #leaseId: Uint32Array;
  /** Servers by the second in which they are due, or free of a lease that ran out. */
  readonly #wheel: number[][];
  /** Due servers by workspace, in the order in which they fell due. */
  readonly #waiting: number[][];
  readonly #heads: Uint32Array;
  readonly #isWaiting: Uint8Array;
  /** Workspaces that have due servers, in their turns. */
  #turns: number[] = [];
  #lastLeaseId = 0;

  constructor(workspaceOf: Uint32Array, seconds: number) {
    const servers = workspaceOf.length;
    const workspaces = workspaceOf.reduce((most, one) => Math.max(most, one + 1), 0);
    this.#workspaceOf = workspaceOf;
    this.#due = new Float64Array(servers);
    this.#leasedUntil = new Float64Array(servers);
    this.#leaseId = new Uint32Array(servers);
    this.#wheel = Array.from({ length: seconds + 1 }, () => []);
    this.#waiting = Array.from({ length: workspaces }, () => []);
    this.#heads = new Uint32Array(workspaces);
    this.#isWaiting = new Uint8Array(servers);
  }

  schedule(server: number, at: number): void {
    this.#due[server] = at;
    this.#wheel[Math.ceil(at)]?.push(server);
  }

  /** A second passes: what fell due, or whose lease ran out, waits for a monitor. */
  tick(now: number): void {
    for (const server of this.#wheel[now] ?? []) {
      const isLate = this.#due[server]! > now || this.#leasedUntil[server]! > now;
      if (isLate || this.#isWaiting[server]) continue;
      const workspace = this.#workspaceOf[server]!;
      const queue = this.#waiting[workspace]!;
      if (queue.length === this.#heads[workspace]) this.#turns.push(workspace);
      queue.push(server);
      this.#isWaiting[server] = 1;
    }
    this.#wheel[now] = [];
  }

  /** @param heldOf how many servers of a workspace the monitor holds already */
  claim(now: number, limit: number, leaseSeconds: number, heldOf: (workspace: number) => number): Claim[] {
    const claims: Claim[] = [];
    const leaseId = ++this.#lastLeaseId;
    for (let turn = 1; turn + claims.length <= limit && this.#turns.length > 0; turn += 1) {
      const served: number[] = [];
      const rest: number[] = [];
      for (const workspace of this.#turns) {
        if (heldOf(workspace) >= turn || turn + claims.length > limit) {
          rest.push(workspace);
          continue;
        }
        const server = this.#shift(workspace);
        this.#isWaiting[server] = 0;
        this.#leasedUntil[server] = now + leaseSeconds;
        this.#leaseId[server] = leaseId;
        this.#wheel[now + leaseSeconds]?.push(server);
        claims.push({ server, leaseId, claimedAt: now, waited: now - this.#due[server]! });
        if (this.#waiting[workspace]!.length > 0) served.push(workspace);
      }
      // Who had no turn this time is first the next.
      this.#turns = [...rest, ...served];
    }
    return claims;
  }

  /** Whether the lease was still held; only then the next probe is scheduled. */
  finish(server: number, leaseId: number, nextAt: number): boolean {
    if (this.#leaseId[server] !== leaseId) return false;
    this.#leaseId[server] = 0;
    this.#leasedUntil[server] = 0;
    this.schedule(server, nextAt);
    return true;
  }

  #shift(workspace: number): number {
    const queue = this.#waiting[workspace]!;
    const server = queue[this.#heads[workspace]!]!;
    this.#heads[workspace]! += 1;
    if (this.#heads[workspace] === queue.length) {
      queue.length = 0;
      this.#heads[workspace] = 0;
    }
    return server;
  }
}
