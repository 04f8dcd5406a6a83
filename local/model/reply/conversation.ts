import type { Item, NewItem } from '../protocol/items.ts';
import type { ResponseOptions } from '../protocol/response-options.ts';
import type { Complaint } from '../protocol/complaint.ts';

type Outcome<T> = { ok: true; value: T } | { ok: false; complaint: Complaint };

interface Spoken {
  audioMs: number;
  transcript: string;
}

/** A conversation. Faults of a client are values, in the wording of the API. */
export class Conversation {
  readonly id: string;
  #items: Item[] = [];
  #spoken = new Map<string, Spoken>();
  #newId: () => string;

  /** @param newId makes ids for items that come without one */
  constructor(id: string, newId: () => string) {
    this.id = id;
    this.#newId = newId;
  }

  get items(): readonly Item[] {
    return this.#items;
  }

  get lastId(): string | null {
    return this.#items.at(-1)?.id ?? null;
  }

  /** @param after id of the item before it; 'root' for the start, undefined for the end */
  create(
    item: NewItem,
    after: string | null | undefined,
  ): Outcome<{ item: Item; previousId: string | null }> {
    const at = this.#placeAfter(after);
    if (at === undefined) {
      return refuse('item_create_invalid_previous_item_id', `Error adding item: the previous item with id '${after}' does not exist.`, 'previous_item_id'); // prettier-ignore
    }
    if (item.id !== undefined && this.#find(item.id)) {
      return refuse('item_create_duplicate_item_id', `Error adding item: an item with id '${item.id}' already exists.`, 'item.id'); // prettier-ignore
    }
    if (item.type === 'function_call_output' && !this.#hasCall(item.call_id)) {
      return refuse('invalid_tool_call_id', `Tool call ID '${item.call_id}' not found in conversation.`, 'item.call_id'); // prettier-ignore
    }
    const whole = this.#whole(item);
    this.#items.splice(at, 0, whole);
    return { ok: true, value: { item: whole, previousId: this.#items[at - 1]?.id ?? null } };
  }

  /** What a response reads: the items of the conversation as they are now, or an input of its own. */
  inputOf(input: ResponseOptions['input']): Outcome<Item[]> {
    if (!input) return { ok: true, value: [...this.#items] };
    const items: Item[] = [];
    for (const [n, item] of input.entries()) {
      if (item.type === 'item_reference') {
        const meant = this.#find(item.id);
        if (!meant) {
          return refuse('invalid_value', `Item with item_id '${item.id}' not found.`, `response.input[${n}].id`); // prettier-ignore
        }
        items.push(meant);
      } else items.push(this.#whole(item));
    }
    return { ok: true, value: items };
  }

  /** Adds an item of the model's or the microphone's own at the end; returns the id of the one before it. */
  append(item: Item): string | null {
    const previousId = this.lastId;
    this.#items.push(item);
    return previousId;
  }

  idBefore(itemId: string): string | null {
    const at = this.#items.findIndex(({ id }) => id === itemId);
    return this.#items[at - 1]?.id ?? null;
  }

  /** Puts a later state of an item in its place; an item that was deleted meanwhile stays deleted. */
  replace(item: Item): void {
    const at = this.#items.findIndex(({ id }) => id === item.id);
    if (at >= 0) this.#items[at] = item;
  }

  delete(itemId: string): Outcome<null> {
    const at = this.#items.findIndex(({ id }) => id === itemId);
    if (at < 0) {
      return refuse('item_delete_invalid_item_id', `Error deleting item: the item with id '${itemId}' does not exist.`, 'item_id'); // prettier-ignore
    }
    this.#items.splice(at, 1);
    this.#spoken.delete(itemId);
    return { ok: true, value: null };
  }

  /** Remembers how much sound an item had, for a later `truncate`. */
  noteSpoken(itemId: string, spoken: Spoken): void {
    this.#spoken.set(itemId, spoken);
  }

  /** Cuts what the assistant said down to what was heard of it. */
  truncate(itemId: string, audioEndMs: number): Outcome<null> {
    const item = this.#find(itemId);
    if (!item) {
      return refuse('item_truncate_invalid_item_id', `Error truncating item: the item with id '${itemId}' does not exist.`, 'item_id'); // prettier-ignore
    }
    const spoken = this.#spoken.get(itemId);
    if (item.type !== 'message' || item.role !== 'assistant' || !spoken) {
      return refuse('invalid_value', 'Only model output audio messages can be truncated.', 'item_id');
    }
    if (audioEndMs > spoken.audioMs) {
      return refuse('invalid_value', `Audio content of ${spoken.audioMs}ms is already shorter than ${audioEndMs}ms.`, 'audio_end_ms'); // prettier-ignore
    }
    const share = spoken.audioMs > 0 ? audioEndMs / spoken.audioMs : 0;
    const transcript = cutAtWord(spoken.transcript, share);
    this.replace({ ...item, content: [{ type: 'output_audio', transcript }] });
    this.#spoken.set(itemId, { audioMs: audioEndMs, transcript });
    return { ok: true, value: null };
  }

  #whole(item: NewItem): Item {
    return { ...item, id: item.id ?? this.#newId(), object: 'realtime.item', status: 'completed' };
  }

  #placeAfter(after: string | null | undefined): number | undefined {
    if (after === undefined || after === null) return this.#items.length;
    if (after === 'root') return 0;
    const at = this.#items.findIndex(({ id }) => id === after);
    return at < 0 ? undefined : at + 1;
  }

  #find(itemId: string): Item | undefined {
    return this.#items.find(({ id }) => id === itemId);
  }

  #hasCall(callId: string): boolean {
    return this.#items.some((item) => item.type === 'function_call' && item.call_id === callId);
  }
}

function refuse(code: string, message: string, param: string): { ok: false; complaint: Complaint } {
  return { ok: false, complaint: { code, message, param } };
}

function cutAtWord(text: string, share: number): string {
  const words = text.match(/\S+\s*/g) ?? [];
  return words
    .slice(0, Math.floor(words.length * share))
    .join('')
    .trim();
}
