import type { ModelLimits } from '@patchbay/shared/contract/model-limits';
import { ESTIMATE_MARGIN, estimateTokens } from '@patchbay/shared/contract/json/token-estimate';

/** What a set of tools may take: how many, and how many estimated tokens. */
export interface ToolBudget {
  tools: number;
  tokens: number;
}

/**
 * How much of the model's session is there for tools: its limits, less the margin of the estimate, less the
 * instructions. What it learns from rejections holds for the rest of the conversation.
 */
export class ToolRoom {
  readonly #limits: ModelLimits;
  readonly #mostTokens: number;
  #instructionTokens = 0;
  #tools: number;
  /** Estimated tokens of instructions and tools together. */
  #tokens: number;

  /** @param mostTokens what the operator allows for tools; may lower the model's limit, never raise it */
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

  /** Whether a set may be too large although the estimate says that it fits: no estimate is off by half. */
  mayExceed({ tokens }: ToolBudget): boolean {
    return tokens + this.#instructionTokens > this.#limits.tokens / 2;
  }

  /** Learns that the model takes no more than so many estimated tokens of tools, beside the instructions of now. */
  limitTokens(tokens: number): void {
    this.#tokens = Math.min(this.#tokens, tokens + this.#instructionTokens);
  }

  /** Learns that the model takes no more than so many tools. */
  limitTools(tools: number): void {
    this.#tools = Math.min(this.#tools, tools);
  }
}
