import { isErrorCode } from '@patchbay/shared/contract/errors';
import type { ServerStatusHint } from '@patchbay/shared/contract/schema/hints';
import type { McpServerRow } from '@patchbay/shared/contract/schema/server';

const STATUSES = new Set<unknown>([
  'disconnected',
  'connecting',
  'connected',
  'error',
  'needs_auth',
] satisfies McpServerRow['connection_status'][]);

type HintedStatus = Pick<McpServerRow, Exclude<keyof ServerStatusHint, 'server_id'> & keyof McpServerRow>;

/**
 * The status that a hint carries, so the page shows it before the reload; null if it is not newer. Checks by hand,
 * because the schema would add zod to the page.
 */
export function readStatusHint(
  payload: Record<string, unknown>,
  known: Pick<McpServerRow, 'status_observed_at'>,
): HintedStatus | null {
  const { connection_status: status, error_code: code, error_message: message } = payload;
  const { status_observed_at: at, consecutive_failures: failures } = payload;
  if (!STATUSES.has(status) || !(code === null || isErrorCode(code))) return null;
  if (!isNullOr('string', message) || typeof at !== 'string' || typeof failures !== 'number') return null;
  if (!isNullOr('number', payload.latency_ms) || !isNullOr('number', payload.tool_count)) return null;
  if (known.status_observed_at && Date.parse(at) <= Date.parse(known.status_observed_at)) return null;
  return {
    connection_status: status as HintedStatus['connection_status'],
    error_code: code,
    error_message: message as string | null,
    latency_ms: payload.latency_ms as number | null,
    tool_count: payload.tool_count as number | null,
    status_observed_at: at,
    consecutive_failures: failures,
  };
}

const isNullOr = (type: 'string' | 'number', value: unknown) => value === null || typeof value === type;
