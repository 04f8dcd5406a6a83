import { setTimeout as delay } from 'node:timers/promises';
import { type Push, type PushResult, findCulprits } from './culprits.ts';
import {
  EMPTY_TOOL_SET,
  type ModelTool,
  type ToolSet,
  definitionKey,
  fitToModel,
  sameLeftOut,
  sameTools,
} from './tool-set.ts';

type Rejection = Extract<PushResult, { outcome: 'rejected' }>;

export interface Published {
  before: ToolSet;
  after: ToolSet;
  /** False while the model has not answered; another report follows when it does. */
  acknowledged: boolean;
}

export interface PublisherOptions {
  /** Hands a whole set to the live session and waits for the model's word. */
  push: Push;
  onPublished: (published: Published) => void;
  /** The model refuses this tool. It stays out until its definition changes, and `after.leftOut` names it. */
  onExcluded: (tool: ModelTool, message: string) => void;
  /** A push threw; it is tried again like one that was not answered. */
  onFault: (error: unknown) => void;
  /** Wait before an unanswered set is sent again. */
  retryMs?: number;
  /** Changes that come so soon after an update, in ms, go out as one. */
  gatherMs?: number;
}

/** Each update makes the next response read everything uncached, so a burst of changes should be two of them. */
const GATHER_MS = 300;

/**
 * Keeps the tools of the live model equal to the latest set offered: one push at a time, the latest wish
 * wins, nothing is sent when nothing changed. The first change goes out at once, and those of the next 300 ms
 * go out together. A rejected set is rolled back to the last good one; then it
 * comes without the tools that the model refuses, and others take their places.
 */
export class Publisher {
  readonly #options: Required<PublisherOptions>;
  /** What the model has acknowledged last. */
  #held: ToolSet = EMPTY_TOOL_SET;
  /** False after a push without an answer: the model may hold that set, or still the one before. */
  #isSure = true;
  #wanted: ToolSet | null = null;
  /** What the model said about tools that it refuses, by their definition. */
  readonly #refused = new Map<string, string>();
  /** Monotonic time of the last update, in ms. */
  #pushedAtMs = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | null = null;
  #woken = new AbortController();
  #stopped = false;

  constructor(options: PublisherOptions) {
    this.#options = { retryMs: 5_000, gatherMs: GATHER_MS, ...options };
  }

  /** The set that the model was last known to hold. */
  get held(): ToolSet {
    return this.#held;
  }

  /** Wishes for a set; returns at once. A wish that comes while another is under way replaces what waits. */
  offer(set: ToolSet): void {
    if (this.#stopped) return;
    this.#wanted = set;
    this.#woken.abort();
    this.#start();
  }

  /** Resolves when everything offered so far was pushed, found refused, or given up by `stop`. */
  async settled(): Promise<void> {
    while (this.#running) await this.#running;
  }

  stop(): void {
    this.#stopped = true;
    this.#wanted = null;
    this.#woken.abort();
  }

  #start(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
      // A wish may have come between the end of the loop and here.
      if (this.#wanted) this.#start();
    });
  }

  async #run(): Promise<void> {
    let unanswered: ToolSet | null = null;
    while (this.#wanted) {
      const wish = this.#wanted;
      const set = fitToModel(wish, this.#refused);
      if (this.#isSure && sameTools(set.tools, this.#held.tools)) {
        this.#hold(set);
        if (this.#wanted === wish) this.#wanted = null;
        continue;
      }
      const waitMs = this.#pushedAtMs + this.#options.gatherMs - performance.now();
      if (waitMs > 0) {
        // The wish may be another one then.
        await new Promise((resolve) => setTimeout(resolve, waitMs));
        continue;
      }
      this.#woken = new AbortController();
      const result = await this.#push(set.tools);
      if (this.#stopped) return;
      this.#isSure &&= result.outcome !== 'unanswered';
      if (result.outcome === 'acknowledged') {
        this.#hold(set);
      } else if (result.outcome === 'rejected') {
        await this.#exclude(set, wish, result);
      } else {
        if (unanswered !== wish)
          this.#options.onPublished({ before: this.#held, after: set, acknowledged: false });
        unanswered = wish;
        await this.#pause();
      }
    }
  }

  async #push(tools: readonly ModelTool[]): Promise<PushResult> {
    this.#pushedAtMs = performance.now();
    try {
      return await this.#options.push(tools);
    } catch (error) {
      this.#options.onFault(error);
      return { outcome: 'unanswered' };
    }
  }

  #hold(set: ToolSet): void {
    const before = this.#held;
    const wasSure = this.#isSure;
    this.#isSure = true;
    // A server without tools changes nothing for the model: it is new when its tools come.
    if (wasSure && sameTools(before.tools, set.tools) && sameLeftOut(before, set)) return;
    this.#held = set;
    this.#options.onPublished({ before, after: set, acknowledged: true });
  }

  async #exclude(set: ToolSet, wish: ToolSet, rejection: Rejection): Promise<void> {
    const trusted = new Set(this.#held.tools.map(definitionKey));
    const verdict = await findCulprits(
      set.tools,
      (tool) => trusted.has(definitionKey(tool)),
      rejection,
      (tools) => this.#push(tools),
      () => this.#stopped || this.#wanted !== wish,
    );
    for (const { tool, message } of verdict.culprits) {
      this.#refused.set(definitionKey(tool), message);
      this.#options.onExcluded(tool, message);
    }
    if (this.#stopped) return;
    // The wish comes round again, with the tools that the limit had kept out in the places that are free now.
    if (verdict.found) return this.#hold({ ...fitToModel(set, this.#refused), tools: verdict.accepted });
    this.#isSure = false;
    await this.#pause();
  }

  /** Until the retry time has passed, or a new wish came. */
  async #pause(): Promise<void> {
    await delay(this.#options.retryMs, undefined, { signal: this.#woken.signal }).catch(() => {});
  }
}
