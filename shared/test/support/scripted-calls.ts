/** Servers that answer calls in odd ways, and what becomes of such a call. */
import { expect } from 'vitest';
import type { AppError } from '../../src/contract/errors.ts';
import type { Connection } from '../../src/engine/session/connection.ts';
import { serveScript } from './connect.ts';
import type { ScriptedRequest } from './scripted-server.ts';

/** A server that answers calls of `echo` as the script says. */
export const serveCalls = (script: (request: ScriptedRequest) => void) =>
  serveScript((request) => {
    if (request.what !== 'tools/call' || request.params.name !== 'echo') return false;
    script(request);
    return true;
  });

/** The error that a call ends with. */
export const failure = (call: ReturnType<Connection['call']>): Promise<AppError> =>
  call.then(
    () => expect.fail('The call went well.'),
    (error: AppError) => error,
  );
