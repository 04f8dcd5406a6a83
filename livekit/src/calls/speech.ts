import { type AppError, type ErrorCode, describeError } from '@patchbay/shared/contract/errors';
import type { CallProgress } from '@patchbay/shared/engine/session/connection';
import { endSentence } from '@patchbay/shared/engine/messages/reason';
import type { CallResult } from '@patchbay/shared/engine/calls/result';
import { hasKeysOfMembers } from '@patchbay/shared/engine/secrets/key-holder';
import type { SnapshotServer } from '@patchbay/shared/contract/schema/snapshot';
import { trimEnd } from '@patchbay/shared/contract/json/trim-end';
import { asData, plainName } from '@patchbay/shared/engine/tools/untrusted-text';
import { argumentRejection, isArgumentRejection } from './argument-rejection.ts';
import type { Filler } from './fillers.ts';
import type { ModelTool } from '../tools/tool-set.ts';
import { ERROR_SPEECH } from './error-speech.ts';

/**
 * A failed call in one sentence that the model can say as it is, and what the server itself said.
 * @param quote marks the server's words as data for the model
 */
export function failureSentence(
  tool: ModelTool,
  error: AppError,
  quote: (words: string) => string = asData,
): string {
  const speech = ERROR_SPEECH[error.code];
  if (error.code === 'cancelled') return 'The call was canceled.';
  const rejection = rejectionOf(error);
  if (rejection !== null) return argumentRejection(tool.toolName, rejection, quote);
  const said = error.said ? ` It said: ${quote(endSentence(error.said))}` : '';
  if (describeError(error.code).about === 'tool')
    return `The tool ${plainName(tool.toolName)} ${speech}.${said}`;
  return `The ${plainName(tool.serverName)} server ${speech}.${said}`;
}

/** Why the arguments were rejected, by Patchbay or the server; null for any other failure. */
function rejectionOf({ code, message, said, cause }: AppError): string | null {
  // `said` is shortened, but a validator's JSON is only readable as a whole.
  const whole = cause instanceof Error ? cause.message : message;
  if (code === 'invalid_arguments') return whole;
  return code === 'call_rejected' && said !== null && isArgumentRejection(whole) ? whole : null;
}

/** For an outage that was reported before. */
export function stillAwaySentence(tool: ModelTool): string {
  return `The ${plainName(tool.serverName)} server is still offline.`;
}

/** For the model, about a server that needs action from the user: its tools are withdrawn, so no call can say why. */
export function waitingLine(
  server: Pick<SnapshotServer, 'name' | 'auth_method' | 'credential_scope'>,
  code: ErrorCode,
): string {
  // The page has no link for a credential that all members share, which may need somebody else.
  const isLinked = server.auth_method === 'oauth' || hasKeysOfMembers(server);
  const name = plainName(server.name);
  const words = `The ${name} server ${ERROR_SPEECH[code]}.${isLinked ? ' The link is next to our conversation.' : ''}`;
  return `The ${name} server needs action from the user before it can be used. When the user asks for it, say once: "${words}"`;
}

/** For a call to a tool whose server was just removed. */
export function removedSentence(tool: ModelTool): string {
  return `The ${plainName(tool.serverName)} server was removed from this conversation.`;
}

/** A result for the model, marked as data; with its age when it is a cached one in place of a failed call. */
export function resultSpeech(tool: ModelTool, { speech, isError, cached }: CallResult): string {
  if (isError && isArgumentRejection(speech)) return argumentRejection(tool.toolName, speech);
  if (!cached?.isStale) return asData(speech);
  return `${asData(speech)}\n[The server isn't responding right now. This result is ${durationInWords(cached.ageMs)} old; say so.]`;
}

function durationInWords(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1_000));
  if (seconds >= 90) return `${Math.round(seconds / 60)} minutes`;
  return seconds === 1 ? '1 second' : `${seconds} seconds`;
}

/** @param leftMs until the conversation ends, unless the user is active */
export function idleSentence(leftMs: number): string {
  return `Are you still there? I'll end this conversation in ${durationInWords(leftMs)} unless you say something.`;
}

/** @param leftMs until the conversation ends, whatever the user does */
export function timeLimitSentence(leftMs: number): string {
  return `This conversation has almost reached its time limit. I'll end it in ${durationInWords(leftMs)}.`;
}

const LONGEST_PROGRESS = 80;

/** What is said while a call runs. */
export function fillerSentence(
  filler: Filler | 'update',
  tool: ModelTool,
  { usualMs, progress }: { usualMs: number | null; progress: CallProgress | null },
): string {
  const status = progress ? progressWords(progress) : null;
  switch (filler) {
    case 'announce':
      return `One moment, this usually takes about ${Math.round((usualMs ?? 0) / 1_000)} seconds.`;
    case 'wait':
      return `One moment, I'm checking with the ${plainName(tool.serverName)} server.`;
    case 'still':
      return status ? `Still working on it: ${status}.` : "I'm still working on it.";
    case 'handoff':
      return "This is taking a while. We can keep talking, and I'll let you know when it's done.";
    case 'update':
      return `The ${plainName(tool.serverName)} server is still working${status ? `: ${status}` : ''}.`;
  }
}

function progressWords({ progress, total, message }: CallProgress): string | null {
  const said = (message ?? '')
    .replace(/[^\p{L}\p{N} .,%/()-]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  if (said && said.length <= LONGEST_PROGRESS) return trimEnd(said, '.,');
  return total ? `${Math.round((100 * progress) / total)} percent` : null;
}

/** Enough of the user's words to recognize the language. */
const MOST_LAST_WORDS = 160;

/**
 * Instructions for a response that says just this sentence.
 * @param lastWords of the user, for the language: the response reads nothing else
 */
export function sayingInstructions(sentence: string, lastWords?: string): string {
  const words = (lastWords ?? '')
    .replace(/[^\p{L}\p{M}\p{N} .,?!-]+/gu, ' ')
    .replace(/ +/g, ' ')
    .trim()
    .slice(-MOST_LAST_WORDS);
  if (!words) return `Say this to the user now, and nothing else: "${sentence}"`;
  return `Say this to the user now, in the language they last spoke, and nothing else: "${sentence}"\nTheir last words, only to identify the language: ${words}`;
}

/** For the model, about a call whose result does not come with its next answer. */
export function backgroundLine(tool: ModelTool): string {
  return `The call to ${tool.name} is still running in the background. Its result will follow: do not call the tool again for it.`;
}

export const LATE_RESULT_INSTRUCTIONS =
  'A tool call that was running in the background has its result now. Tell the user the result in one or two sentences.';

/** For a call that the user spoke over. */
export function interruptedSentence(tool: ModelTool): string {
  return `The call to ${plainName(tool.toolName)} was canceled because the user spoke. If its result is still needed, call the tool again.`;
}
