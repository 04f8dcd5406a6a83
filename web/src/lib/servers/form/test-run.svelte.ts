import type {
  PhaseTiming,
  ProbePhase,
  StreamEnd,
  TestConnectionAnswer,
  TestConnectionEvent,
} from '@patchbay/shared/contract/schema/functions';
import { readNdjson } from '../../live/ndjson.ts';
import { noTest, testOutcome, type TestOutcome } from './form-result.ts';

type Line = TestConnectionEvent | StreamEnd<TestConnectionAnswer>;

/** Runs one connection test at a time and follows its phases. */
export class TestRun {
  isRunning = $state(false);
  phase = $state<ProbePhase | null>(null);
  finished = $state<PhaseTiming[]>([]);
  outcome = $state<TestOutcome | null>(null);
  errors = $state<Record<string, string[]> | null>(null);
  readonly #path: string;
  #running: AbortController | undefined;

  /** @param path of the testing endpoint */
  constructor(path = '/api/servers/test') {
    this.#path = path;
  }

  /** Tests the form's values and aborts a running test. */
  async start(form: FormData): Promise<void> {
    this.stop();
    const running = new AbortController();
    this.#running = running;
    this.isRunning = true;
    this.phase = null;
    this.finished = [];
    this.outcome = null;
    this.errors = null;
    try {
      await this.#follow(form, running.signal);
    } catch {
      if (!running.signal.aborted)
        this.outcome = noTest('The connection to Patchbay was lost.', 'Test again.');
    }
    if (this.#running === running) this.isRunning = false;
  }

  stop(): void {
    this.#running?.abort();
    this.#running = undefined;
    this.isRunning = false;
  }

  async #follow(form: FormData, signal: AbortSignal): Promise<void> {
    const response = await fetch(this.#path, { method: 'POST', body: form, signal });
    const isStream = response.ok && response.headers.get('content-type') === 'application/x-ndjson';
    if (!isStream || !response.body) {
      // Our own endpoint: a result without phases, or an error.
      const said = (await response.json()) as
        TestConnectionAnswer | { message?: string; hint?: string; fieldErrors?: Record<string, string[]> };
      if ('ok' in said) this.outcome = testOutcome(said);
      else if (said.fieldErrors) this.errors = said.fieldErrors;
      else this.outcome = noTest(said.message ?? "Couldn't run the test.", said.hint);
      return;
    }
    for await (const line of readNdjson<Line>(response.body)) {
      if (line.type === 'phase') {
        this.phase = line.phase;
        this.finished = line.phases;
      } else if (line.type === 'refusal') {
        this.outcome = noTest(line.message, line.hint);
      } else {
        this.outcome = testOutcome(line);
      }
    }
    this.outcome ??= noTest('The test ended without a result.', 'Test again.');
  }
}
