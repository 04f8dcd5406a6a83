import { pause } from '@patchbay/shared/engine/pause';
import type { PushResult, Rejected } from '../model/voice-model.ts';
import { type Push, findRejectedTools } from './rejected-tools.ts';
import type { ToolRoom } from './tool-room.ts';
import { ToolFit, isSameWish, withTools } from './tool-fit.ts';
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
  /** False while the model has not answered; another report follows when it does. */
  acknowledged: boolean;
}

export interface PublisherOptions {
  /** Hands a whole set to the live session and waits for the model's word. */
  push: Push;
  /** How much the model takes. */
  room: ToolRoom;
  /** What the calls say of a tool: which ones come first when not all of them fit. */
  usageOf?: (tool: ModelTool) => Omit<ToolStanding, 'isHeld'>;
  onPublished: (published: Published) => void;
  /** The model rejects this tool. It stays out until its definition changes, and `after.leftOut` names it. */
  onExcluded: (tool: ModelTool, message: string) => void;
  /** The model rejected a set for its size; it gets smaller ones from now on. */
  onTooLarge: (tools: readonly ModelTool[], message: string) => void;
  /** A push threw; it is tried again like one that was not answered. */
  onFault: (error: unknown) => void;
  /** Wait before an unanswered set is sent again. */
  retryMs?: number;
  /** Changes that come so soon after an update, in ms, go out as one. */
  gatherMs?: number;
}

/** Each update makes the next response read everything uncached, so a burst of changes should be two of them. */
const GATHER_MS = 300;
/** Updates that a set costs which turns out to be too large. */
const MOST_SIZES = 3;
/** How much of a set that was too large is tried next. */
const SMALLER = 0.65;

const UNUSED = { isInUse: false, isRecent: false };

/**
 * Keeps the tools of the live model equal to the latest set offered: one push at a time, the latest wish
 * wins, nothing is sent when nothing changed. The first change goes out at once, and those of the next 300 ms
 * go out together. Of a wish that does not fit the model gets a part. A set that it rejects for a tool's
 * definition comes without that tool; after one that it rejects for its size all are smaller.
 */
export class Publisher {
  readonly #options: Required<PublisherOptions>;
  /** What the model has acknowledged last. */
  #held: ToolSet = EMPTY_TOOL_SET;
  /** False after a push without an answer: the model may hold that set, or still the one before. */
  #isSure = true;
  #wanted: ToolSet | null = null;
  #offered: ToolSet | null = null;
  /** What the model said about tools that it rejects, by their definition. */
  readonly #rejected = new Map<string, string>();
  /** The same for groups whose tools were not tried one by one; forgotten with the next other wish. */
  readonly #undecided = new Map<string, string>();
  readonly #selection = new ToolFit();
  /** Rejections in a row for the size of the set. */
  #tooLarge = 0;
  /** The wish of which no size was accepted: the model keeps what it has of it. */
  #exhausted: ToolSet | null = null;
  /** Monotonic time of the last update, in ms. */
  #pushedAtMs = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | null = null;
  #woken = new AbortController();
  #stopped = false;

  constructor(options: PublisherOptions) {
    this.#options = { retryMs: 5_000, gatherMs: GATHER_MS, usageOf: () => UNUSED, ...options };
  }

  /** The set that the model was last known to hold. */
  get held(): ToolSet {
    return this.#held;
  }

  /** Wishes for a set; returns at once. A wish that comes while another is under way replaces what waits. */
  offer(set: ToolSet): void {
    if (this.#stopped) return;
    if (!isSameWish(this.#offered?.tools ?? [], set.tools)) this.#undecided.clear();
    this.#offered = set;
    this.#wanted = set;
    this.#woken.abort();
    this.#start();
  }

  /** Looks again at how much of the latest wish fits, after the room has changed. */
  refit(): void {
    if (this.#offered) this.offer(this.#offered);
  }

  /** Resolves when everything offered so far was pushed, found rejected, or given up by `stop`. */
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
      const isLastTry = wish === this.#exhausted;
      const set = isLastTry ? this.#keep(wish) : this.#fit(wish);
      if (this.#isSure && sameTools(set.tools, this.#held.tools)) {
        this.#hold(set);
        this.#done(wish);
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
      if (result.outcome === 'acknowledged') {
        this.#tooLarge = 0;
        this.#hold(set);
        if (isLastTry) this.#done(wish);
      } else if (result.outcome === 'rejected' && result.cause !== 'temporary' && !isLastTry) {
        if (this.#isTooLarge(set, result)) this.#shrink(set, wish, result);
        else await this.#exclude(set, wish, result);
      } else {
        this.#isSure &&= result.outcome === 'rejected';
        if (unanswered !== wish)
          this.#options.onPublished({ before: this.#held, after: set, acknowledged: false });
        unanswered = wish;
        await this.#pause();
      }
    }
  }

  #fit(wish: ToolSet): ToolSet {
    const held = new Set(this.#held.tools.map(({ name }) => name));
    return this.#selection.fit(wish, {
      budget: this.#options.room.budget,
      rejected: this.#rejections(),
      standingOf: (tool) => ({ ...this.#options.usageOf(tool), isHeld: held.has(tool.name) }),
    });
  }

  /** What the model has of a wish, unchanged. */
  #keep(wish: ToolSet): ToolSet {
    const held = new Set(this.#held.tools.map(definitionKey));
    const kept = wish.tools.filter((tool) => held.has(definitionKey(tool)));
    return withTools(wish, kept, this.#rejections());
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

  #done(wish: ToolSet): void {
    this.#tooLarge = 0;
    this.#exhausted = null;
    if (this.#wanted === wish) this.#wanted = null;
  }

  /** A rejection without a cause may be for the size, when the set is large; a set that is not has a bad tool. */
  #isTooLarge({ tools }: ToolSet, { cause }: Rejected): boolean {
    if (cause === 'unknown') return this.#options.room.mayExceed(sizeOf(tools));
    return cause === 'too_many_tokens' || cause === 'too_many_tools';
  }

  /** Makes the room smaller; after the last size the model keeps what it has, until the wish is another one. */
  #shrink({ tools }: ToolSet, wish: ToolSet, { cause, message }: Rejected): void {
    const { room, onTooLarge } = this.#options;
    onTooLarge(tools, message);
    this.#tooLarge += 1;
    const [rejected, taken] = [sizeOf(tools), sizeOf(this.#held.tools)];
    if (cause === 'too_many_tools') room.limitTools(nextSize(rejected.tools, taken.tools, this.#tooLarge));
    else room.limitTokens(nextSize(rejected.tokens, taken.tokens, this.#tooLarge));
    if (this.#tooLarge < MOST_SIZES) return;
    this.#tooLarge = 0;
    this.#exhausted = wish;
  }

  async #exclude(set: ToolSet, wish: ToolSet, rejection: Rejected): Promise<void> {
    const trusted = new Set(this.#held.tools.map(definitionKey));
    const finding = await findRejectedTools(set.tools, rejection, {
      isTrusted: (tool) => trusted.has(definitionKey(tool)),
      push: (tools) => this.#push(tools),
      isOutdated: () => this.#stopped || this.#wanted !== wish,
    });
    for (const { tool, message } of finding.rejected) {
      this.#rejected.set(definitionKey(tool), message);
      this.#options.onExcluded(tool, message);
    }
    if (this.#stopped) return;
    if (finding.outcome === 'found') {
      for (const { tool, message } of finding.undecided) this.#undecided.set(definitionKey(tool), message);
      // The wish comes round again, with others in the places that are free now.
      this.#hold({ ...this.#fit(wish), tools: finding.accepted });
      return;
    }
    this.#isSure = false;
    if (finding.outcome === 'too_large')
      this.#shrink(withTools(wish, finding.tried), wish, finding.rejection);
    else await this.#pause();
  }

  #rejections(): ReadonlyMap<string, string> {
    return new Map([...this.#undecided, ...this.#rejected]);
  }

  /** Until the retry time has passed, or a new wish came. */
  async #pause(): Promise<void> {
    await pause(this.#options.retryMs, this.#woken.signal);
  }
}

/**
 * The size to try after a rejection.
 * @param taken the size of what the model has now, which it does take
 * @param times how often sizes were rejected in a row
 */
function nextSize(rejected: number, taken: number, times: number): number {
  const smaller = Math.floor(rejected * SMALLER ** times);
  if (taken === 0 || taken >= rejected) return smaller;
  return times === MOST_SIZES - 1 ? taken : Math.max(smaller, taken);
}
