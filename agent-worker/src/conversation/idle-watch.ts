/**
 * When a conversation ends because its user is away. Only what the user does counts, never what the agent says. A call
 * that runs in the background keeps the conversation: its result is spoken first, and then the time starts anew.
 */

import { voice } from '@livekit/agents';

/** The user is warned so long before the end, in ms, or halfway when the whole time is short. */
const WARN_BEFORE_MS = 60_000;

export interface IdleWatchOptions {
  /** See `IdleWatch.timeoutMs`. */
  timeoutMs: number;
  /** @param leftMs until the end, unless the user is active again */
  onWarning: (leftMs: number) => void;
  onIdle: () => void;
}

export class IdleWatch {
  readonly #options: Omit<IdleWatchOptions, 'timeoutMs'>;
  #timeoutMs: number;
  #timer: NodeJS.Timeout | undefined;
  #work = 0;
  #isStopped = true;

  constructor({ timeoutMs, ...options }: IdleWatchOptions) {
    this.#timeoutMs = timeoutMs;
    this.#options = options;
  }

  /** Without a sign of the user for so long, in ms, the conversation ends; 0: never. Another value starts it anew. */
  set timeoutMs(timeoutMs: number) {
    if (timeoutMs === this.#timeoutMs) return;
    this.#timeoutMs = timeoutMs;
    this.userActive();
  }

  /** The time runs from now on. */
  start(): void {
    this.#isStopped = false;
    this.userActive();
  }

  /** Takes what the user says and types in a session as activity. */
  follow(session: Pick<voice.AgentSession, 'on'>): void {
    session.on(voice.AgentSessionEventTypes.UserStateChanged, ({ newState }) => {
      if (newState === 'speaking') this.userActive();
    });
    session.on(voice.AgentSessionEventTypes.ConversationItemAdded, ({ item }) => {
      if (item.type === 'message' && item.role === 'user') this.userActive();
    });
  }

  /** The user spoke, typed, or came in. */
  userActive(): void {
    clearTimeout(this.#timer);
    const { onWarning, onIdle } = this.#options;
    const timeoutMs = this.#timeoutMs;
    if (timeoutMs === 0 || this.#isStopped || this.#work > 0) return;
    const leftMs = Math.min(WARN_BEFORE_MS, timeoutMs / 2);
    this.#timer = setTimeout(() => {
      onWarning(leftMs);
      this.#timer = setTimeout(onIdle, leftMs);
    }, timeoutMs - leftMs);
  }

  /** The user waits for this: they are not idle before it is over. */
  waitFor(work: Promise<unknown>): void {
    this.#work += 1;
    this.userActive();
    const onOver = (): void => {
      this.#work -= 1;
      this.userActive();
    };
    work.then(onOver, onOver);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }
}
