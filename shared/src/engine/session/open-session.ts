/** Reaches a server: one handshake after another, until one works or none is left. */
import { classify } from '../messages/classify.ts';
import {
  firstAttempt,
  nextAttempt,
  tellingError,
  type Asked,
  type FailedAttempt,
} from '../calls/attempts.ts';
import { Session, type SessionOptions } from './session.ts';
import type { ServerTarget } from './target.ts';

/**
 * Opens a session with a server: streamable HTTP in either era, or the old SSE when the target allows it and the
 * server has nothing else. All attempts share the time of the signal.
 * @throws AppError
 */
export async function openSession(
  target: Pick<ServerTarget, 'url' | 'transport' | 'credential' | 'protocolEra'>,
  options: SessionOptions,
): Promise<Session> {
  const asked: Asked = {
    transport: target.transport,
    protocolEra: target.protocolEra ?? 'auto',
    route: options.route,
    hasCredential: target.credential.method !== 'none',
  };
  const failed: FailedAttempt[] = [];
  for (let attempt = firstAttempt(asked); ;) {
    const opened = await Session.open(target, attempt, options);
    if (opened instanceof Session) return opened;
    if (options.signal.aborted) throw classify(options.signal.reason);
    failed.push(opened);
    const next = nextAttempt(failed, asked);
    if (!next) throw tellingError(failed, asked) ?? opened.error;
    attempt = next;
  }
}
