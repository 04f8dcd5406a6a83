import type { SessionSnapshot } from '@patchbay/shared/contract/schema/snapshot';
import type { ActivityFeed } from '../reports/activity.ts';
import { CONVERSATION_MEMORY_MB } from '../capacity.ts';
import { IdleWatch } from './idle-watch.ts';
import { MemoryWatch } from './memory-watch.ts';
import { idleSentence, timeLimitSentence } from '@patchbay/livekit/calls/speech';
import { TimeLimit } from './time-limit.ts';

export interface SessionLimitsOptions {
  /** The worker's own limit for users who are away, in ms; 0: none. */
  idleTimeoutMs: number;
  scheduler: { say: (sentence: string) => void };
  feed: Pick<ActivityFeed, 'send'>;
  end: (reason: 'idle' | 'time_limit' | 'out_of_memory') => void;
  /** Resident memory of the process, in bytes. */
  usedBytes?: () => number;
}

/** Ends a conversation if the user is idle, the time is up, or it takes too much memory. */
export class SessionLimits {
  readonly idle: IdleWatch;
  readonly #timeLimit: TimeLimit;
  readonly #memory: MemoryWatch;
  readonly #ownIdleMs: number;

  constructor({ idleTimeoutMs, scheduler, feed, end, usedBytes }: SessionLimitsOptions) {
    this.#ownIdleMs = idleTimeoutMs;
    this.idle = new IdleWatch({
      timeoutMs: idleTimeoutMs,
      onWarning: (leftMs) => {
        scheduler.say(idleSentence(leftMs));
        feed.send({ type: 'idle', ends_in_ms: leftMs });
      },
      onIdle: () => end('idle'),
    });
    this.#timeLimit = new TimeLimit({
      onWarning: (leftMs) => {
        scheduler.say(timeLimitSentence(leftMs));
        feed.send({ type: 'time_limit', ends_in_ms: leftMs });
      },
      onOver: () => end('time_limit'),
    });
    this.#memory = new MemoryWatch({
      limitBytes: CONVERSATION_MEMORY_MB.end * 2 ** 20,
      onTooMuch: () => end('out_of_memory'),
      ...(usedBytes && { usedBytes }),
    });
  }

  /** The limits of the workspace, which may change while the conversation runs. */
  apply({ ends_in_ms, idle_ms }: SessionSnapshot['limits']): void {
    const idleLimits = [this.#ownIdleMs, idle_ms ?? 0].filter((ms) => ms > 0);
    this.idle.timeoutMs = idleLimits.length > 0 ? Math.min(...idleLimits) : 0;
    this.#timeLimit.endIn(ends_in_ms);
  }

  start(limits: SessionSnapshot['limits']): void {
    this.apply(limits);
    this.idle.start();
    this.#memory.start();
  }

  stop(): void {
    this.idle.stop();
    this.#timeLimit.stop();
    this.#memory.stop();
  }
}
