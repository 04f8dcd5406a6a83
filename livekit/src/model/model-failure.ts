/**
 * Every way in which a voice model can fail. An adapter classifies once; all other code reads `kind` and what
 * `FAILURES` says about it, never a status, a close code or a message.
 */
import type { AnswerFailure } from '@patchbay/shared/contract/answer-failure';
import type { EndReason } from '@patchbay/shared/contract/end-reason';

export type ModelFailureKind =
  | 'model_not_found'
  | 'settings_rejected'
  | 'key_rejected'
  | 'quota_exhausted'
  | 'rate_limited'
  | 'server_error'
  | 'request_rejected'
  | 'filtered'
  | 'empty_answer'
  | 'no_answer'
  | 'connection_lost'
  | 'unavailable';

interface Consequence {
  /** Set for a permanent failure, which ends the conversation with this reason. */
  endReason?: EndReason;
  /** How the unanswered turn is announced. */
  announced: AnswerFailure;
  retryable: boolean;
}

export const FAILURES: Readonly<Record<ModelFailureKind, Consequence>> = {
  model_not_found: { endReason: 'model_not_found', announced: 'rejected', retryable: false },
  settings_rejected: { endReason: 'model_rejected_settings', announced: 'rejected', retryable: false },
  key_rejected: { endReason: 'model_key_rejected', announced: 'rejected', retryable: false },
  quota_exhausted: { endReason: 'model_quota', announced: 'rejected', retryable: false },
  rate_limited: { announced: 'rate_limited', retryable: true },
  server_error: { announced: 'server_error', retryable: true },
  request_rejected: { announced: 'rejected', retryable: true },
  empty_answer: { announced: 'server_error', retryable: true },
  filtered: { announced: 'filtered', retryable: false },
  no_answer: { announced: 'no_answer', retryable: true },
  connection_lost: { announced: 'connection_lost', retryable: true },
  unavailable: { endReason: 'model_unavailable', announced: 'no_answer', retryable: false },
};

export interface ModelFailure {
  kind: ModelFailureKind;
  /** How long the model asks to wait before a retry, in ms. */
  retryAfterMs?: number;
  facts: Readonly<Record<string, string | number>>;
}

export interface ModelWatcher {
  /** A lasting failure: the session ends. Called once. */
  onFatal: (failure: ModelFailure) => void;
  onUnanswered: (failure: ModelFailure) => void;
  /** The connection is lost and dialed again; called before every wait. */
  onDisconnected: (failure: ModelFailure) => void;
  onConnected: () => void;
}
