import type { Room } from '@livekit/rtc-node';
import { CALL_DETAILS_METHOD, type CallDetails } from '@patchbay/shared/contract/schema/activity';
import type { RecordedCall } from '@patchbay/shared/contract/schema/session';

/** Calls that are remembered; the oldest go. */
const KEPT = 50;
/** LiveKit carries 15 KiB an answer, and one character may take several bytes as JSON. */
const LONGEST_RESULT = 2_000;

/** What the page shows of a call that ended. */
type Shown = Pick<CallDetails, 'result' | 'for_user'>;

/**
 * What the calls of this conversation were given and what they said, for as long as it lasts: results are shown
 * to the person who is in the conversation, and are written down nowhere.
 */
export class CallMemory {
  readonly #calls = new Map<string, CallDetails>();

  keep({ id, arguments: args }: Pick<RecordedCall, 'id' | 'arguments'>, shown: Shown): void {
    this.#calls.set(id, { arguments: args, ...shown, result: cut(shown.result) });
    const [oldest] = this.#calls.keys();
    if (this.#calls.size > KEPT && oldest !== undefined) this.#calls.delete(oldest);
  }

  /** @returns null for a call that is unknown, unfinished, or too long ago */
  of(id: string): CallDetails | null {
    return this.#calls.get(id) ?? null;
  }

  /** Answers only the page of the conversation's user. */
  answerIn(room: Room, identity: string): void {
    room.localParticipant?.registerRpcMethod(CALL_DETAILS_METHOD, async ({ callerIdentity, payload }) =>
      JSON.stringify(callerIdentity === identity ? this.of(payload) : null),
    );
  }
}

function cut(text: string): string {
  return text.length > LONGEST_RESULT
    ? `${text.slice(0, LONGEST_RESULT)}… (${text.length} characters)`
    : text;
}
