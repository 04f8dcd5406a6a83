import type { CallProgress } from '@patchbay/shared/engine/session/connection';
import {
  LONGEST_PROGRESS_MESSAGE,
  type ToolProgressActivity,
} from '@patchbay/shared/contract/schema/activity';

/** A server may report a thousand times a second; people are told so often at most. */
const PACE_MS = 500;

/** Tells the room how a call gets on: the first report at once, of those that follow fast the newest. */
export class ProgressThrottle {
  readonly #callId: string;
  readonly #tell: (activity: ToolProgressActivity) => void;
  #waiting: CallProgress | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(callId: string, tell: (activity: ToolProgressActivity) => void) {
    this.#callId = callId;
    this.#tell = tell;
  }

  hear(progress: CallProgress): void {
    if (this.#timer) {
      this.#waiting = progress;
      return;
    }
    this.#tell(progressActivity(this.#callId, progress));
    this.#timer = setTimeout(() => {
      const newest = this.#waiting;
      this.#timer = undefined;
      this.#waiting = null;
      if (newest) this.hear(newest);
    }, PACE_MS);
    this.#timer.unref();
  }

  /** The call has ended: what still waits is no news any more. */
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
