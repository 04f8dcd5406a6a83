import { setTimeout as delay } from 'node:timers/promises';
import { canonicalJson } from '@patchbay/shared/canonical-json';
import { type Push, type PushResult, findCulprits } from './culprits.ts';
import { EMPTY_TOOL_SET, type ModelTool, type ToolSet, sameTools, toDefinition } from './tool-set.ts';

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
  /** The model refuses this tool; it stays out until its definition changes. */
  onExcluded: (tool: ModelTool, message: string) => void;
  /** A push threw; it is tried again like one that was not answered. */
  onFault: (error: unknown) => void;
  /** Wait before an unanswered set is sent again. */
  retryMs?: number;
}

/**
 * Keeps the tools of the live model equal to the latest set offered: one push at a time, the latest wish
 * wins, nothing is sent when nothing changed, and a rejected set leaves the last good one in place, less
 * the tools that the model refuses.
 */
export class Publisher {
  readonly #options: Required<PublisherOptions>;
  /** What the model has acknowledged. */
  #held: ToolSet = EMPTY_TOOL_SET;
  #wanted: ToolSet | null = null;
  readonly #refused = new Set<string>();
  #running: Promise<void> | null = null;
  #woken = new AbortController();
  #stopped = false;

  constructor(options: PublisherOptions) {
    this.#options = { retryMs: 5_000, ...options };
  }

  /** The set that the model is known to hold. */
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
      const set = this.#withoutRefused(wish);
      if (sameTools(set.tools, this.#held.tools)) {
        this.#settle(wish, set);
        continue;
      }
      this.#woken = new AbortController();
      const result = await this.#push(set.tools);
      if (this.#stopped) return;
      if (result.outcome === 'acknowledged') {
        this.#settle(wish, set);
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
    try {
      return await this.#options.push(tools);
    } catch (error) {
      this.#options.onFault(error);
      return { outcome: 'unanswered' };
    }
  }

  #settle(wish: ToolSet, set: ToolSet): void {
    if (this.#wanted === wish) this.#wanted = null;
    const before = this.#held;
    // A server without tools changes nothing for the model: it is new when its tools come.
    if (sameTools(before.tools, set.tools)) return;
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
      this.#refused.add(definitionKey(tool));
      this.#options.onExcluded(tool, message);
    }
    if (this.#stopped) return;
    if (verdict.found) this.#settle(wish, { ...set, tools: verdict.accepted });
    else await this.#pause();
  }

  #withoutRefused(set: ToolSet): ToolSet {
    if (this.#refused.size === 0) return set;
    return { ...set, tools: set.tools.filter((tool) => !this.#refused.has(definitionKey(tool))) };
  }

  /** Until the retry time has passed, or a new wish came. */
  async #pause(): Promise<void> {
    await delay(this.#options.retryMs, undefined, { signal: this.#woken.signal }).catch(() => {});
  }
}

function definitionKey(tool: ModelTool): string {
  return canonicalJson(toDefinition(tool));
}
