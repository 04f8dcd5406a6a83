import type { Activity, CallDetails } from '@patchbay/shared/contract/schema/activity';
import type { Progress } from '../tools/format-progress.ts';

export type Entry =
  | { kind: 'said'; id: string; who: 'user' | 'agent'; text: string; isDone: boolean }
  | {
      kind: 'call';
      id: string;
      tool: string;
      phase: 'started' | 'finished' | 'failed' | 'cancelled';
      outcome: Extract<Activity, { type: 'tool_call' }>['outcome'];
      durationMs: number | undefined;
      errorCode: Extract<Activity, { type: 'tool_call' }>['error_code'];
      progress?: Progress;
      details?: CallDetails;
    }
  | { kind: 'note'; id: string; text: string };

/** Everything said and done in a conversation, in order. */
export class Transcript {
  entries = $state<Entry[]>([]);
  #lastId = 0;
  /** Restarted captions, which keep their old text until new text arrives. */
  #restarted = new Set<string>();
  #turns: string[] = [];

  clear(): void {
    this.entries = [];
    this.#turns = [];
  }

  note(text: string): void {
    const last = this.entries.at(-1);
    if (last?.kind === 'note' && last.text === text) return;
    this.entries.push({ kind: 'note', id: this.#id(), text });
  }

  /** Adds typed text, which the room does not echo. */
  typed(text: string): void {
    this.entries.push({ kind: 'said', id: this.#id(), who: 'user', text, isDone: true });
  }

  /** Reserves a place when the user begins to speak; the text comes later. */
  beginTurn(turnId: string): void {
    const id = `turn:${turnId}`;
    this.#turns.push(id);
    this.entries.push({ kind: 'said', id, who: 'user', text: '', isDone: false });
  }

  /** Removes a turn that will get no text. */
  dropTurn(turnId: string): void {
    const id = `turn:${turnId}`;
    this.#turns = this.#turns.filter((one) => one !== id);
    this.entries = this.entries.filter((entry) => entry.id !== id);
  }

  /** Whether nothing was said or called after this caption began. */
  isLast(who: 'user' | 'agent', segmentId: string): boolean {
    return this.entries.findLast(({ kind }) => kind !== 'note')?.id === `${who}:${segmentId}`;
  }

  /** Begins a caption, or restarts it: transcription corrects itself. */
  beginSaid(who: 'user' | 'agent', segmentId: string): void {
    const entry = this.#said(who, segmentId);
    if (entry) {
      this.#restarted.add(entry.id);
      entry.isDone = false;
    } else {
      this.entries.push({ kind: 'said', id: `${who}:${segmentId}`, who, text: '', isDone: false });
    }
  }

  addText(who: 'user' | 'agent', segmentId: string, words: string): void {
    const entry = this.#said(who, segmentId);
    if (!entry) return;
    if (who === 'user' && entry.text === '' && words.trim()) this.#takePlaceOfTurn(entry);
    entry.text = this.#restarted.delete(entry.id) ? words : entry.text + words;
  }

  /** Ends a caption and removes it if it is empty. */
  endSaid(who: 'user' | 'agent', segmentId: string): void {
    const entry = this.#said(who, segmentId);
    if (!entry) return;
    entry.isDone = true;
    if (entry.text.trim() === '') this.entries = this.entries.filter((one) => one.id !== entry.id);
  }

  call(activity: Extract<Activity, { type: 'tool_call' }>): void {
    const { id, name: tool, phase, outcome, duration_ms: durationMs, error_code: errorCode } = activity;
    const known = this.entries.find((entry) => entry.kind === 'call' && entry.id === `call:${id}`);
    if (known) Object.assign(known, { phase, outcome, durationMs, errorCode });
    else this.entries.push({ kind: 'call', id: `call:${id}`, tool, phase, outcome, durationMs, errorCode });
  }

  /** Ignores a report that arrives before the call or after its end. */
  callProgress({ id, progress, total, message }: Extract<Activity, { type: 'tool_progress' }>): void {
    const known = this.entries.find((entry) => entry.kind === 'call' && entry.id === `call:${id}`);
    if (known?.kind === 'call' && known.phase === 'started') known.progress = { progress, total, message };
  }

  callDetails(id: string, details: CallDetails): void {
    const known = this.entries.find((entry) => entry.kind === 'call' && entry.id === `call:${id}`);
    if (known) Object.assign(known, { details });
  }

  #takePlaceOfTurn(entry: Entry): void {
    const turn = this.#turns.shift();
    if (turn === undefined) return;
    const others = this.entries.filter((one) => one !== entry);
    this.entries = others.map((one) => (one.id === turn ? entry : one));
  }

  #said(who: 'user' | 'agent', segmentId: string) {
    const id = `${who}:${segmentId}`;
    return this.entries.findLast((entry) => entry.kind === 'said' && entry.id === id) as
      Extract<Entry, { kind: 'said' }> | undefined;
  }

  #id(): string {
    return `own:${++this.#lastId}`;
  }
}
