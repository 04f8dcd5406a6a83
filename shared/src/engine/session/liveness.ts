/** Whether a server is there, asked with a ping. */
import { ProtocolError, SdkHttpError } from '@modelcontextprotocol/client';
import type { AppError } from '../../contract/errors.ts';
import { classify } from '../messages/classify.ts';
import { PING_FAILS_OFFLINE } from '../messages/error-groups.ts';

export interface LivenessRequests {
  /** The request that is made for it: `ping`, or `server/discover`. Rejects with AppError. */
  ping: (timeoutMs: number) => Promise<unknown>;
  /** A request that every server knows, to tell a lost session from a ping that is not supported. */
  list: (timeoutMs: number) => Promise<unknown>;
}

export class Liveness {
  readonly #requests: LivenessRequests;
  /** Failures of a ping that turned out to mean nothing: later ones count as answers. */
  readonly #harmless = new Set<string>();

  constructor(requests: LivenessRequests) {
    this.#requests = requests;
  }

  /**
   * Resolves when the server answers. An error of the protocol is an answer. Anything else (a status that may mean
   * a lost session, a gateway's error, silence) is checked once by a request that has to work.
   * @throws AppError what that request failed with
   */
  async check(timeoutMs: number): Promise<void> {
    const failure = await failureOf(this.#requests.ping(timeoutMs / 2));
    if (failure === null || this.#harmless.has(kindOf(failure))) return;
    const second = await failureOf(this.#requests.list(timeoutMs / 2));
    if (second) throw second;
    if (!PING_FAILS_OFFLINE.has(failure.code)) this.#harmless.add(kindOf(failure));
  }
}

/** Why a request got no answer; null when it did, also when that is a JSON-RPC error of any code. */
async function failureOf(request: Promise<unknown>): Promise<AppError | null> {
  try {
    await request;
    return null;
  } catch (thrown) {
    const error = classify(thrown);
    return error.cause instanceof ProtocolError ? null : error;
  }
}

function kindOf({ code, cause }: AppError): string {
  return cause instanceof SdkHttpError ? `${code} ${cause.status}` : code;
}
