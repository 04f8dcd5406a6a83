import { estimateTokens } from '@patchbay/shared/contract/json/token-estimate';
import type { ConversationTools } from './conversation-tools.ts';
import type { Log } from '@patchbay/livekit/log';
import type { VoiceModel } from '@patchbay/livekit/model/voice-model';

export interface PromptUpdatesOptions {
  /** Those that the session starts with. */
  instructions: string;
  tools: Pick<ConversationTools, 'reserveFor'>;
  model: Pick<VoiceModel, 'setInstructions'>;
  log: Pick<Log, 'warn' | 'error'>;
}

/**
 * Changes the instructions of a running session. Instructions and tools share one limit, so tools make room before
 * longer instructions come, and use what shorter ones leave only afterwards.
 */
export class PromptUpdates {
  readonly #options: PromptUpdatesOptions;
  #live: string;
  #latest: string;
  #running: Promise<void> = Promise.resolve();

  constructor(options: PromptUpdatesOptions) {
    this.#options = options;
    this.#live = this.#latest = options.instructions;
  }

  /** Returns at once; of changes that come meanwhile only the latest is made. */
  change(instructions: string): void {
    if (instructions === this.#latest) return;
    this.#latest = instructions;
    this.#running = this.#running.then(() => this.#update(instructions));
  }

  async #update(instructions: string): Promise<void> {
    if (instructions !== this.#latest || instructions === this.#live) return;
    const { tools, model, log } = this.#options;
    const isLonger = estimateTokens(instructions) > estimateTokens(this.#live);
    try {
      if (isLonger) await tools.reserveFor(instructions);
      if ((await model.setInstructions(instructions)) === 'now') this.#live = instructions;
      else log.warn({}, 'the model rejected the new prompt, and keeps the one before');
      if (!isLonger || this.#live !== instructions) await tools.reserveFor(this.#live);
    } catch (error) {
      log.error({ error }, 'the prompt could not be handed to the model');
    }
  }
}
