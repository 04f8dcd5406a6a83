import { pause } from '@patchbay/shared/engine/pause';
import type { PushResult, Rejected } from '../model/voice-model.ts';
import { type Push, findRejectedTools } from './rejected-tools.ts';
import type { ToolCapacity } from './tool-capacity.ts';
import { ToolFit, isSameRequest, withTools } from './tool-fit.ts';
import type { ToolStanding } from './tool-selection.ts';
import {
  EMPTY_TOOL_SET,
  type ModelTool,
  type ToolSet,
  definitionKey,
  sameLeftOut,
  sameTools,
  sizeOf,
} from './tool-set.ts';

export interface Published {
  before: ToolSet;
  after: ToolSet;
  /** False while the model has not answered; another notification follows when it does. */
  acknowledged: boolean;
}

export interface PublisherOptions {
  /** Pushes a whole set to the live session and waits for the model's answer. */
  push: Push;
  /** How much the model accepts. */
  capacity: ToolCapacity;
  /** How a tool is used; decides which come first when not all fit. */
  usageOf?: (tool: ModelTool) => Omit<ToolStanding, 'isCurrent'>;
  onPublished: (published: Published) => void;
  /** The model rejects this tool. It stays in `after.leftOut` until its definition changes. */
  onExcluded: (tool: ModelTool, message: string) => void;
  /** The model rejected a set for its size; later sets are smaller. */
  onTooLarge: (tools: readonly ModelTool[], message: string) => void;
  /** A push threw; it is retried like an unanswered one. */
  onFault: (error: unknown) => void;
  /** Wait before an unanswered set is sent again, in ms. */
  retryMs?: number;
  /** Changes within this time after an update go out together, in ms. */
  gatherMs?: number;
}

/** Each update costs the next response its cache, so a burst of changes should cost two updates. */
const GATHER_MS = 300;
/** How many sizes of one set are tried. */
const MOST_SIZES = 3;
/** The part of a rejected size that is tried next. */
const SMALLER = 0.65;

const UNUSED = { isInUse: false, isRecent: false };

/**
 * Keeps the tools of the live model equal to the latest set offered, one push at a time. The first change goes out at
 * once; those of the next 300 ms go out together. Of a set that does not fit, the model gets a part. A tool with a
 * rejected definition is left out; after a set was rejected for its size, all sets are smaller.
 */
export class Publisher {
  readonly #options: Required<PublisherOptions>;
  /** What the model acknowledged last. */
  #current: ToolSet = EMPTY_TOOL_SET;
  /** False after an unanswered push: the model may have that set or the one before. */
  #isSure = true;
  #wanted: ToolSet | null = null;
  #offered: ToolSet | null = null;
  /** The model's message about each tool that it rejects, by definition. */
  readonly #rejected = new Map<string, string>();
  /** The same for groups whose tools were not tried one by one; cleared when other tools are offered. */
  readonly #undecided = new Map<string, string>();
  readonly #selection = new ToolFit();
  /** Consecutive rejections for the size of the set. */
  #tooLarge = 0;
  /** A set of which no size was accepted: the model keeps what it has of it. */
  #exhausted: ToolSet | null = null;
  /** Monotonic time of the last update, in ms. */
  #pushedAtMs = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | null = null;
  #woken = new AbortController();
  #stopped = false;

  constructor(options: PublisherOptions) {
    this.#options = { retryMs: 5_000, gatherMs: GATHER_MS, usageOf: () => UNUSED, ...options };
  }

  /** The set that the model was last known to have. */
  get current(): ToolSet {
    return this.#current;
  }

  /** Requests a set; returns at once. A newer set replaces one that waits. */
  offer(set: ToolSet): void {
    if (this.#stopped) return;
    if (!isSameRequest(this.#offered?.tools ?? [], set.tools)) this.#undecided.clear();
    this.#offered = set;
    this.#wanted = set;
    this.#woken.abort();
    this.#start();
  }

  /** Fits the latest set again, after the capacity has changed. */
  refit(): void {
    if (this.#offered) this.offer(this.#offered);
  }

  /** Resolves when everything offered so far was pushed, rejected, or dropped by `stop`. */
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
      // A set may have been offered between the end of the loop and here.
      if (this.#wanted) this.#start();
    });
  }

  async #run(): Promise<void> {
    let unanswered: ToolSet | null = null;
    while (this.#wanted) {
      const wanted = this.#wanted;
      const isLastTry = wanted === this.#exhausted;
      const set = isLastTry ? this.#keep(wanted) : this.#fit(wanted);
      if (this.#isSure && sameTools(set.tools, this.#current.tools)) {
        this.#setCurrent(set);
        this.#done(wanted);
        continue;
      }
      const waitMs = this.#pushedAtMs + this.#options.gatherMs - performance.now();
      if (waitMs > 0) {
        // Another set may be wanted then.
        await new Promise((resolve) => setTimeout(resolve, waitMs));
        continue;
      }
      this.#woken = new AbortController();
      const result = await this.#push(set.tools);
      if (this.#stopped) return;
      if (result.outcome === 'acknowledged') {
        this.#tooLarge = 0;
        this.#setCurrent(set);
        if (isLastTry) this.#done(wanted);
      } else if (result.outcome === 'rejected' && result.cause !== 'temporary' && !isLastTry) {
        if (this.#isTooLarge(set, result)) this.#shrink(set, wanted, result);
        else await this.#exclude(set, wanted, result);
      } else {
        this.#isSure &&= result.outcome === 'rejected';
        if (unanswered !== wanted)
          this.#options.onPublished({ before: this.#current, after: set, acknowledged: false });
        unanswered = wanted;
        await this.#pause();
      }
    }
  }

  #fit(wanted: ToolSet): ToolSet {
    const current = new Set(this.#current.tools.map(({ name }) => name));
    return this.#selection.fit(wanted, {
      budget: this.#options.capacity.budget,
      rejected: this.#rejections(),
      standingOf: (tool) => ({ ...this.#options.usageOf(tool), isCurrent: current.has(tool.name) }),
    });
  }

  /** The part of a set that the model has already. */
  #keep(wanted: ToolSet): ToolSet {
    const current = new Set(this.#current.tools.map(definitionKey));
    const kept = wanted.tools.filter((tool) => current.has(definitionKey(tool)));
    return withTools(wanted, kept, this.#rejections());
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

  #setCurrent(set: ToolSet): void {
    const before = this.#current;
    const wasSure = this.#isSure;
    this.#isSure = true;
    // A server without tools changes nothing for the model.
    if (wasSure && sameTools(before.tools, set.tools) && sameLeftOut(before, set)) return;
    this.#current = set;
    this.#options.onPublished({ before, after: set, acknowledged: true });
  }

  #done(wanted: ToolSet): void {
    this.#tooLarge = 0;
    this.#exhausted = null;
    if (this.#wanted === wanted) this.#wanted = null;
  }

  /** A rejection without a cause is taken for one of the size if the set is large, else for one of a tool. */
  #isTooLarge({ tools }: ToolSet, { cause }: Rejected): boolean {
    if (cause === 'unknown') return this.#options.capacity.mayExceed(sizeOf(tools));
    return cause === 'too_many_tokens' || cause === 'too_many_tools';
  }

  /** Lowers the capacity; after the last size the model keeps what it has until another set is offered. */
  #shrink({ tools }: ToolSet, wanted: ToolSet, { cause, message }: Rejected): void {
    const { capacity, onTooLarge } = this.#options;
    onTooLarge(tools, message);
    this.#tooLarge += 1;
    const [rejected, taken] = [sizeOf(tools), sizeOf(this.#current.tools)];
    if (cause === 'too_many_tools')
      capacity.limitTools(nextSize(rejected.tools, taken.tools, this.#tooLarge));
    else capacity.limitTokens(nextSize(rejected.tokens, taken.tokens, this.#tooLarge));
    if (this.#tooLarge < MOST_SIZES) return;
    this.#tooLarge = 0;
    this.#exhausted = wanted;
  }

  async #exclude(set: ToolSet, wanted: ToolSet, rejection: Rejected): Promise<void> {
    const trusted = new Set(this.#current.tools.map(definitionKey));
    const finding = await findRejectedTools(set.tools, rejection, {
      isTrusted: (tool) => trusted.has(definitionKey(tool)),
      push: (tools) => this.#push(tools),
      isOutdated: () => this.#stopped || this.#wanted !== wanted,
    });
    for (const { tool, message } of finding.rejected) {
      this.#rejected.set(definitionKey(tool), message);
      this.#options.onExcluded(tool, message);
    }
    if (this.#stopped) return;
    if (finding.outcome === 'found') {
      for (const { tool, message } of finding.undecided) this.#undecided.set(definitionKey(tool), message);
      // The loop fits the set again, with other tools in the free places.
      this.#setCurrent({ ...this.#fit(wanted), tools: finding.accepted });
      return;
    }
    this.#isSure = false;
    if (finding.outcome === 'too_large')
      this.#shrink(withTools(wanted, finding.tried), wanted, finding.rejection);
    else await this.#pause();
  }

  #rejections(): ReadonlyMap<string, string> {
    return new Map([...this.#undecided, ...this.#rejected]);
  }

  /** Waits for the retry time or a new set. */
  async #pause(): Promise<void> {
    await pause(this.#options.retryMs, this.#woken.signal);
  }
}

/**
 * The size to try after a rejection.
 * @param taken the size of what the model has now
 * @param times consecutive rejections
 */
function nextSize(rejected: number, taken: number, times: number): number {
  const smaller = Math.floor(rejected * SMALLER ** times);
  if (taken === 0 || taken >= rejected) return smaller;
  return times === MOST_SIZES - 1 ? taken : Math.max(smaller, taken);
}
