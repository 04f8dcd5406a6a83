import type { CallProgress } from '@patchbay/shared/engine/session/connection';
import {
  LONGEST_PROGRESS_MESSAGE,
  type ToolProgressActivity,
} from '@patchbay/shared/contract/schema/activity';

const INTERVAL_MS = 500;

/** Reports the progress of a call to the room: the first report at once, then the newest one every half second. */
export class ProgressThrottle {
  readonly #callId: string;
  readonly #report: (activity: ToolProgressActivity) => void;
  #waiting: CallProgress | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(callId: string, report: (activity: ToolProgressActivity) => void) {
    this.#callId = callId;
    this.#report = report;
  }

  take(progress: CallProgress): void {
    if (this.#timer) {
      this.#waiting = progress;
      return;
    }
    this.#report(progressActivity(this.#callId, progress));
    this.#timer = setTimeout(() => {
      const newest = this.#waiting;
      this.#timer = undefined;
      this.#waiting = null;
      if (newest) this.take(newest);
    }, INTERVAL_MS);
    this.#timer.unref();
  }

  /** The call has ended: a report that still waits is dropped. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#waiting = null;
  }
}

function progressActivity(id: string, { progress, total, message }: CallProgress): ToolProgressActivity {
  return {
    type: 'tool_progress',
    id,
    progress,
    ...(total !== undefined && { total }),
    ...(message && { message: message.slice(0, LONGEST_PROGRESS_MESSAGE) }),
  };
}
