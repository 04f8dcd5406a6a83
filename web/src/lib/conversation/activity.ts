import { isAnswerFailure } from '@patchbay/shared/contract/answer-failure';
import { isEndReason } from '@patchbay/shared/contract/end-reason';
import type { Activity } from '@patchbay/shared/contract/schema/activity';

const TURN_PHASES = new Set(['started', 'unheard']);
const PHASES = new Set(['started', 'finished', 'failed', 'cancelled']);

/**
 * Parses a message of the topic `patchbay.activity`; null if it is invalid. Checks by hand, because the schema would
 * add zod to the page.
 */
export function readActivity(text: string): Activity | null {
  const message = parse(text);
  if (!message) return null;
  switch (message.type) {
    case 'tools': {
      const { names } = message;
      const isList = Array.isArray(names) && names.every((name) => typeof name === 'string');
      return isList &&
        typeof message.reason === 'string' &&
        typeof message.acknowledged === 'boolean' &&
        isLeftOut(message.left_out) &&
        isBudget(message.budget)
        ? (message as Activity)
        : null;
    }
    case 'tool_call':
      return typeof message.id === 'string' &&
        typeof message.name === 'string' &&
        PHASES.has(String(message.phase)) &&
        ['number', 'undefined'].includes(typeof message.duration_ms)
        ? (message as Activity)
        : null;
    case 'tool_progress':
      return typeof message.id === 'string' &&
        typeof message.progress === 'number' &&
        ['number', 'undefined'].includes(typeof message.total) &&
        ['string', 'undefined'].includes(typeof message.message)
        ? (message as Activity)
        : null;
    case 'server':
      return typeof message.server_id === 'string' && typeof message.state === 'string'
        ? (message as Activity)
        : null;
    case 'ended':
      return isEndReason(message.reason) ? (message as Activity) : null;
    case 'unanswered':
      return isAnswerFailure(message.reason) ? (message as Activity) : null;
    case 'model':
      return message.state === 'reconnecting' || message.state === 'connected' ? (message as Activity) : null;
    case 'idle':
    case 'time_limit':
      return typeof message.ends_in_ms === 'number' ? (message as Activity) : null;
    case 'user_turn':
      return typeof message.id === 'string' && TURN_PHASES.has(String(message.phase))
        ? (message as Activity)
        : null;
    default:
      return null;
  }
}

/** The transcript's note when the agent announces the end of the conversation. */
export function endingNote({ type, ends_in_ms }: Extract<Activity, { type: 'idle' | 'time_limit' }>): string {
  const seconds = Math.round(ends_in_ms / 1_000);
  const left = seconds < 120 ? `${seconds} seconds` : `${Math.round(seconds / 60)} minutes`;
  return type === 'idle'
    ? `You haven't said anything for a while. The conversation ends in ${left} unless you speak or type.`
    : `This conversation has almost reached its time limit. It ends in ${left}.`;
}

function isLeftOut(value: unknown): boolean {
  if (value === undefined) return true;
  return (
    Array.isArray(value) &&
    (value as unknown[]).every(
      (one) =>
        typeof one === 'object' &&
        one !== null &&
        'server' in one &&
        'tool' in one &&
        'reason' in one &&
        [one.server, one.tool, one.reason].every((part) => typeof part === 'string'),
    )
  );
}

function isBudget(value: unknown): boolean {
  if (value === undefined) return true;
  if (typeof value !== 'object' || value === null) return false;
  const { tools, tokens, servers } = value as Record<string, unknown>;
  if (typeof tools !== 'number' || typeof tokens !== 'number' || !Array.isArray(servers)) return false;
  return (servers as unknown[]).every((one) => {
    if (typeof one !== 'object' || one === null) return false;
    const { server_id, ...sizes } = one as Record<string, unknown>;
    return (
      typeof server_id === 'string' &&
      ['tools', 'tokens', 'left_out'].every((key) => typeof sizes[key] === 'number')
    );
  });
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
