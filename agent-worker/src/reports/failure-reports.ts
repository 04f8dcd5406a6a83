/** Reports failures of the voice model: on the page, in the log, and by a sentence while the agent can speak. */
import { type EndReason } from '@patchbay/shared/contract/end-reason';
import { describeAnswerFailure } from '@patchbay/shared/contract/answer-failure';
import type { ActivityFeed } from './activity.ts';
import type { SpeechScheduler } from '@patchbay/livekit/calls/speech-scheduler';
import type { Log } from '@patchbay/livekit/log';
import { FAILURES, type ModelFailure, type ModelWatcher } from '@patchbay/livekit/model/model-failure';

export interface FailureReportsOptions {
  feed: Pick<ActivityFeed, 'send'>;
  scheduler: () => Pick<SpeechScheduler, 'turnFailed'>;
  log: Pick<Log, 'info' | 'warn' | 'error'>;
  /** The model has failed for good. */
  end: (reason: EndReason) => void;
}

export class FailureReports implements ModelWatcher {
  readonly #options: FailureReportsOptions;
  #isDisconnected = false;

  constructor(options: FailureReportsOptions) {
    this.#options = options;
  }

  onFatal({ kind, facts }: ModelFailure): void {
    const code = FAILURES[kind].endReason ?? 'error';
    this.#options.log.error({ code, cause: facts }, 'the voice model failed for good');
    this.#options.end(code);
  }

  /** The sentence is not waited for: if it fails too, the page still shows the failure. */
  onUnanswered({ kind, facts }: ModelFailure): void {
    const { feed, scheduler, log } = this.#options;
    const { announced } = FAILURES[kind];
    log.warn({ code: announced, cause: facts }, 'the voice model gave no answer');
    feed.send({ type: 'unanswered', reason: announced });
    scheduler().turnFailed(kind === 'no_answer' ? null : describeAnswerFailure(announced).speech);
  }

  onDisconnected({ kind, facts }: ModelFailure): void {
    if (this.#isDisconnected) return;
    this.#isDisconnected = true;
    this.#options.log.warn({ code: kind, cause: facts }, 'the connection to the voice model was lost');
    this.#options.feed.send({ type: 'model', state: 'reconnecting' });
  }

  onConnected(): void {
    if (!this.#isDisconnected) return;
    this.#isDisconnected = false;
    this.#options.log.info('the voice model is connected again');
    this.#options.feed.send({ type: 'model', state: 'connected' });
  }
}
