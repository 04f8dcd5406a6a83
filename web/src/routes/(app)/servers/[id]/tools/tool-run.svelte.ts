import type { CallToolAnswer, CallToolEvent, StreamEnd } from '@patchbay/shared/contract/schema/functions';
import { readNdjson } from '$lib/live/ndjson.ts';
import type { Progress } from '$lib/tools/format-progress.ts';

export type RunResult =
  | CallToolAnswer
  /** The call could not be made. */
  | { ok: false; outcome: 'unavailable'; message: string; hint: string; duration_ms: null };

/** Runs one manual tool call at a time, with progress and cancellation. */
export class ToolRun {
  isRunning = $state(false);
  progress = $state<Progress | null>(null);
  result = $state.raw<RunResult | null>(null);
  #running: AbortController | undefined;

  async start(serverId: string, tool: string, args: unknown): Promise<void> {
    this.#running?.abort();
    const running = new AbortController();
    this.#running = running;
    this.isRunning = true;
    this.progress = null;
    this.result = null;
    try {
      const result = await this.#follow(serverId, { tool, arguments: args }, running.signal);
      if (this.#running === running) this.result = result;
    } catch {
      if (!running.signal.aborted) this.result = notMade('The connection to Patchbay was lost.');
    }
    if (this.#running === running) this.isRunning = false;
  }

  /** Cancels the call. The server is notified, but may have finished already. */
  cancel(): void {
    if (!this.isRunning) return;
    this.#running?.abort();
    this.isRunning = false;
    this.result = {
      ok: false,
      outcome: 'unavailable',
      message: 'Call canceled.',
      hint: 'The server was notified, but it may have done some of the work.',
      duration_ms: null,
    };
  }

  async #follow(serverId: string, body: object, signal: AbortSignal): Promise<RunResult> {
    const response = await fetch(`/api/servers/${serverId}/call`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal,
    });
    const isStream = response.ok && response.headers.get('content-type') === 'application/x-ndjson';
    if (!isStream || !response.body) {
      // Our own endpoint: a result without a call, or an error.
      const said = (await response.json()) as CallToolAnswer | { message?: string; hint?: string };
      return 'ok' in said ? said : notMade(said.message ?? "Couldn't call the tool.", said.hint);
    }
    for await (const line of readNdjson<CallToolEvent | StreamEnd<CallToolAnswer>>(response.body)) {
      if (line.type === 'progress') this.progress = line;
      else if (line.type === 'answer') return line;
      else if (line.type === 'refusal') return notMade(line.message, line.hint);
    }
    return notMade('The call ended without a result.');
  }
}

function notMade(message: string, hint = 'Try again in a moment.'): RunResult {
  return { ok: false, outcome: 'unavailable', message, hint, duration_ms: null };
}
