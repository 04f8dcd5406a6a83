/**
 * Which word of the model belongs to which update of its tools. The Realtime API answers every
 * `session.update` in the order of the wire, with a `session.updated` that need not name the update, or with
 * an `error` that does. What a session says it holds decides when it is what was sent; when the model writes
 * definitions back in a form of its own, the order decides. Names alone never do: they stay the same when
 * only a schema changes, and the answer to an earlier update may still be on its way.
 */
import { canonicalJson } from '@patchbay/shared/contract/json/canonical-json';
import { z } from 'zod';
import type { Rejected } from '../voice-model.ts';
import { ModelError, classifyRejection } from './rejection.ts';

const Definition = z.object({
  name: z.string(),
  description: z.string().nullish(),
  parameters: z.record(z.string(), z.unknown()).nullish(),
});
type Definition = z.infer<typeof Definition>;

const SentUpdate = z.object({
  type: z.literal('session.update'),
  event_id: z.string().optional(),
  session: z.object({
    tools: z.array(Definition).optional(),
    /** The plugin begins every connection with all of its options, and names the modality only then. */
    output_modalities: z.unknown().optional(),
  }),
});
const SessionUpdated = z.object({
  type: z.literal('session.updated'),
  session: z.object({ tools: z.array(Definition) }),
});
const ErrorEvent = z.object({ type: z.literal('error'), error: ModelError });

/** The model's answer to an update of its tools; `definitions` are those that `sent` returned. */
export type ToolsAnswer = ({ outcome: 'acknowledged' } | Rejected) & { definitions: string };

interface Pending {
  eventId: string | undefined;
  /** Null for an update of something else. */
  tools: { names: string; definitions: string } | null;
}

export class ToolUpdates {
  /** Sent and not answered, oldest first. */
  #pending: Pending[] = [];

  /** Takes note of an event that goes out; of one with tools, gives their definitions in one text. */
  sent(event: unknown): string | null {
    const update = SentUpdate.safeParse(event);
    if (!update.success) return null;
    const { event_id: eventId, session } = update.data;
    // What was on its way over the former connection is not answered any more.
    if (session.output_modalities !== undefined) this.#pending = [];
    const tools = session.tools ? summary(session.tools) : null;
    this.#pending.push({ eventId, tools });
    return tools && tools.definitions;
  }

  /** What an event that came in says about an update of tools; null when it says nothing of any. */
  received(event: unknown): ToolsAnswer | null {
    const updated = SessionUpdated.safeParse(event);
    if (updated.success) return this.#updated(summary(updated.data.session.tools));
    const failed = ErrorEvent.safeParse(event);
    return failed.success ? this.#failed(failed.data.error) : null;
  }

  #updated(held: { names: string; definitions: string }): ToolsAnswer | null {
    const exact = this.#pending.findIndex(({ tools }) => tools?.definitions === held.definitions);
    const oldest = this.#pending[0];
    const index = exact >= 0 ? exact : 0;
    // Other names than those of the oldest: the answer to an update from before this one listened.
    if (exact < 0 && oldest?.tools && oldest.tools.names !== held.names) return null;
    const answered = this.#take(index);
    return answered?.tools ? { outcome: 'acknowledged', definitions: answered.tools.definitions } : null;
  }

  #failed(error: ModelError): ToolsAnswer | null {
    const { event_id, param } = error;
    const isIt = event_id
      ? ({ eventId }: Pending) => eventId === event_id
      : // An error that names no event can only be told by what it complains of.
        ({ tools }: Pending) => tools !== null && param?.startsWith('session.tools') === true;
    const answered = this.#take(this.#pending.findIndex(isIt));
    if (!answered?.tools) return null;
    const { definitions } = answered.tools;
    return { outcome: 'rejected', definitions, ...classifyRejection(error) };
  }

  /** The update at a place, which is answered now; those before it will not be any more. */
  #take(index: number): Pending | undefined {
    return index < 0 ? undefined : this.#pending.splice(0, index + 1).at(-1);
  }
}

function summary(tools: readonly Definition[]): { names: string; definitions: string } {
  const sorted = tools
    .map(({ name, description, parameters }) => ({ name, description, parameters }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return { names: sorted.map(({ name }) => name).join(), definitions: canonicalJson(sorted) };
}
