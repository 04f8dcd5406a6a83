import type { ModelLimits } from '@patchbay/shared/contract/model-limits';
import { ESTIMATE_MARGIN, estimateTokens } from '@patchbay/shared/contract/json/token-estimate';

/** The most that a set of tools may use; tokens are estimated. */
export interface ToolBudget {
  tools: number;
  tokens: number;
}

/**
 * How many tools the model's session can take: its limits, less the margin of the estimate and the instructions. What it
 * learns from rejections holds for the rest of the conversation.
 */
export class ToolCapacity {
  readonly #limits: ModelLimits;
  readonly #mostTokens: number;
  #instructionTokens = 0;
  #tools: number;
  /** Estimated tokens of instructions and tools together. */
  #tokens: number;

  /** @param mostTokens the operator's limit for tools; lowers the model's limit, never raises it */
  constructor(limits: ModelLimits, mostTokens = Number.POSITIVE_INFINITY) {
    this.#limits = limits;
    this.#mostTokens = mostTokens;
    this.#tools = limits.tools;
    this.#tokens = Math.floor(limits.tokens / (1 + ESTIMATE_MARGIN));
  }

  get budget(): ToolBudget {
    const tokens = Math.max(0, this.#tokens - this.#instructionTokens);
    return { tools: this.#tools, tokens: Math.min(tokens, this.#mostTokens) };
  }

  set instructions(text: string) {
    this.#instructionTokens = estimateTokens(text);
  }

  /** Whether a set may be too large although its estimate fits: no estimate is off by half. */
  mayExceed({ tokens }: ToolBudget): boolean {
    return tokens + this.#instructionTokens > this.#limits.tokens / 2;
  }

  /** Learns how many estimated tokens of tools the model takes beside the current instructions. */
  limitTokens(tokens: number): void {
    this.#tokens = Math.min(this.#tokens, tokens + this.#instructionTokens);
  }

  /** Learns how many tools the model takes. */
  limitTools(tools: number): void {
    this.#tools = Math.min(this.#tools, tools);
  }
}
