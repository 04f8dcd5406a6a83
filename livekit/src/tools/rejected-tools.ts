/** Finds the tools of a rejected set that the model rejects for their definition. */
import type { PushResult, Rejected } from '../model/voice-model.ts';
import type { ModelTool } from './tool-set.ts';

export type Push = (tools: readonly ModelTool[]) => Promise<PushResult>;

/** A tool that was left out, and the model's message. */
interface RejectedTool {
  tool: ModelTool;
  message: string;
}

export type Finding =
  /** The model has exactly `accepted`. At least one of `undecided` is rejected. */
  | { outcome: 'found'; accepted: ModelTool[]; rejected: RejectedTool[]; undecided: RejectedTool[] }
  /** The set as a whole does not fit; no single tool caused the last rejection. */
  | { outcome: 'too_large'; rejected: RejectedTool[]; tried: readonly ModelTool[]; rejection: Rejected }
  /** Stopped early: no answer, a newer set, or even the trusted tools were rejected. */
  | { outcome: 'stopped'; rejected: RejectedTool[] };

const MOST_PUSHES = 24;

export interface SearchOptions {
  /** Tools that the model accepted before: every part that is tried has all of them. */
  isTrusted: (tool: ModelTool) => boolean;
  push: Push;
  /** Checked before every push; true ends the search. */
  isOutdated: () => boolean;
}

/**
 * Leaves out the tools that the model names; when it names none, tries halves of the set.
 * @param wanted the rejected set, in its order
 * @param rejection the model's answer to the whole set
 */
export async function findRejectedTools(
  wanted: readonly ModelTool[],
  rejection: Rejected,
  options: SearchOptions,
): Promise<Finding> {
  return new Search(wanted, rejection, options).run();
}

class Search {
  readonly #options: SearchOptions;
  readonly #trusted: readonly ModelTool[];
  readonly #rejected: RejectedTool[] = [];
  #remaining: readonly ModelTool[];
  #accepted: ReadonlySet<ModelTool>;
  readonly #undecided: RejectedTool[] = [];
  #pushes = 0;
  /** The last rejection. */
  #last: { tried: readonly ModelTool[]; rejection: Rejected };
  #liveIsAccepted = false;

  constructor(wanted: readonly ModelTool[], rejection: Rejected, options: SearchOptions) {
    this.#last = { tried: wanted, rejection };
    this.#options = options;
    this.#remaining = wanted;
    this.#trusted = wanted.filter(options.isTrusted);
    this.#accepted = new Set(this.#trusted);
  }

  async run(): Promise<Finding> {
    const answer = await this.#excludeNamed(this.#last.rejection);
    if (answer.outcome === 'acknowledged') return this.#found(this.#remaining);
    if (answer.outcome === 'unanswered') return this.#end('stopped');
    const early = endingOf(answer);
    if (early) return this.#end(early);

    // Restores first what the conversation had.
    if ((await this.#offer([])).outcome !== 'acknowledged') return this.#end('stopped');
    const suspects = this.#remaining.filter((tool) => !this.#accepted.has(tool));
    const ending = await this.#tryGroup(suspects);
    if (ending !== 'done') return this.#end(ending);
    if (!this.#liveIsAccepted && (await this.#offer([])).outcome !== 'acknowledged')
      return this.#end('stopped');
    return this.#found(this.#remaining.filter((tool) => this.#accepted.has(tool)));
  }

  async #excludeNamed(rejection: Rejected): Promise<PushResult> {
    let answer: PushResult = rejection;
    while (answer.outcome === 'rejected' && this.#pushes < MOST_PUSHES) {
      const named: ModelTool | undefined = this.#remaining[answer.toolIndex ?? -1];
      // It accepted this tool before, so the index is wrong.
      if (!named || this.#options.isTrusted(named)) break;
      this.#rejected.push({ tool: named, message: answer.message });
      this.#remaining = this.#remaining.filter((tool) => tool !== named);
      answer = await this.#push(this.#remaining);
    }
    return answer;
  }

  /** Tries a group on top of the accepted tools; splits it when it is rejected. */
  async #tryGroup(group: readonly ModelTool[]): Promise<'done' | 'stopped' | 'too_large'> {
    if (group.length === 0) return 'done';
    if (this.#pushes >= MOST_PUSHES) {
      this.#undecided.push(...group.map((tool) => ({ tool, message: this.#last.rejection.message })));
      return 'done';
    }
    const result = await this.#offer(group);
    if (result.outcome !== 'rejected') return result.outcome === 'acknowledged' ? 'done' : 'stopped';
    const ending = endingOf(result);
    if (ending) return ending;
    const [only, ...others] = group as [ModelTool, ...ModelTool[]];
    if (others.length === 0) return this.#decide(only, result);
    const middle = Math.ceil(group.length / 2);
    const first = await this.#tryGroup(group.slice(0, middle));
    return first === 'done' ? this.#tryGroup(group.slice(middle)) : first;
  }

  /** Decides about a single rejected tool: its definition is bad unless the model accepts it in place of others. */
  async #decide(
    tool: ModelTool,
    { message, toolIndex }: Rejected,
  ): Promise<'done' | 'stopped' | 'too_large'> {
    if (toolIndex === null && this.#accepted.size > 0) {
      const fewer = [...this.#accepted];
      for (let freed = 0; freed < tool.tokens * 2 && fewer.length > 0;) freed += fewer.pop()?.tokens ?? 0;
      const instead = await this.#push([...fewer, tool]);
      this.#liveIsAccepted = false;
      if (instead.outcome === 'acknowledged') return 'too_large';
      if (instead.outcome === 'unanswered') return 'stopped';
      const ending = endingOf(instead);
      if (ending) return ending;
    }
    this.#rejected.push({ tool, message });
    return 'done';
  }

  async #offer(group: readonly ModelTool[]): Promise<PushResult> {
    const part = this.#remaining.filter((tool) => this.#accepted.has(tool) || group.includes(tool));
    const result = await this.#push(part);
    this.#liveIsAccepted = result.outcome === 'acknowledged';
    if (this.#liveIsAccepted) this.#accepted = new Set(part);
    return result;
  }

  async #push(tools: readonly ModelTool[]): Promise<PushResult> {
    if (this.#options.isOutdated()) return { outcome: 'unanswered' };
    this.#pushes += 1;
    const result = await this.#options.push(tools);
    if (result.outcome === 'rejected') this.#last = { tried: tools, rejection: result };
    return result;
  }

  #found(accepted: readonly ModelTool[]): Finding {
    return {
      outcome: 'found',
      accepted: [...accepted],
      rejected: this.#rejected,
      undecided: this.#undecided,
    };
  }

  #end(outcome: 'stopped' | 'too_large'): Finding {
    const rejected = this.#rejected;
    return outcome === 'stopped' ? { outcome, rejected } : { outcome, rejected, ...this.#last };
  }
}

/** How a search ends after a rejection that no single tool causes; null if a tool may be the cause. */
function endingOf({ cause }: Rejected): 'stopped' | 'too_large' | null {
  if (cause === 'temporary') return 'stopped';
  return cause === 'too_many_tokens' || cause === 'too_many_tools' ? 'too_large' : null;
}
