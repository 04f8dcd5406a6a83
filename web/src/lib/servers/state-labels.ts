import { describeError } from '@patchbay/shared/contract/errors';
import type { McpServerRow } from '@patchbay/shared/contract/schema/server';
import { timeAgo } from '../live/format-time.ts';
import { formatCount } from '../ui/format-count.ts';

export type Tone = 'ok' | 'wait' | 'warn' | 'bad' | 'off';

export interface ServerState {
  tone: Tone;
  word: string;
  reason: string;
  hint: string | null;
}

type StatusFields = Pick<
  McpServerRow,
  | 'is_active'
  | 'connection_status'
  | 'error_code'
  | 'error_message'
  | 'status_observed_at'
  | 'config_version'
  | 'status_config_version'
>;

/** @param now milliseconds since the epoch */
export function serverState(server: StatusFields, now: number): ServerState {
  if (!server.is_active)
    return { tone: 'off', word: 'Disabled', reason: 'Not used in conversations', hint: null };
  const { tone, word } = lamp(server);
  const problem = tone === 'bad' || tone === 'warn' ? server.error_code : null;
  if (problem) {
    const { message, hint } = describeError(problem);
    return { tone, word, reason: server.error_message || message, hint };
  }
  return { tone, word, reason: quietReason(server, now), hint: null };
}

function lamp(server: StatusFields): { tone: Tone; word: string } {
  switch (server.connection_status) {
    case 'connected':
      return { tone: 'ok', word: 'Connected' };
    case 'connecting':
      return { tone: 'wait', word: 'Connecting' };
    case 'needs_auth':
      return {
        tone: 'warn',
        word: server.error_code === 'credential_missing' ? 'Needs a key' : 'Needs sign-in',
      };
    case 'error':
      return {
        tone: 'bad',
        word: describeError(server.error_code ?? 'internal').about === 'network' ? 'Offline' : 'Error',
      };
    case 'disconnected':
      return { tone: 'off', word: server.status_observed_at ? 'Disconnected' : 'Not checked yet' };
  }
}

function quietReason(server: StatusFields, now: number): string {
  if (!server.status_observed_at) return 'Not connected yet';
  if (server.status_config_version !== null && server.status_config_version < server.config_version) {
    return 'Not checked since the last change';
  }
  return `Checked ${timeAgo(server.status_observed_at, now)}`;
}

/** Host and port of a URL; the whole text if it is not a URL. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}

export const TRANSPORT_LABELS: Record<Exclude<McpServerRow['transport'], 'auto'>, string> = {
  streamable_http: 'HTTP',
  sse: 'SSE',
};

/** The detected transport, or the configured one; null if unknown. */
export function transportWord(server: Pick<McpServerRow, 'transport' | 'detected_transport'>): string | null {
  const transport = server.detected_transport ?? server.transport;
  return transport === 'auto' ? null : TRANSPORT_LABELS[transport];
}

export function formatToolCount(count: number | null): string {
  if (count === null) return '–';
  return formatCount(count, 'tool');
}
