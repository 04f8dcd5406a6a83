/**
 * Matches the model's answers to updates of its tools. The Realtime API answers each `session.update` in order, with a
 * `session.updated` that need not name the update or an `error` that does. Equal definitions decide; when the model
 * rewrites definitions, the order decides. Names never do: they stay the same when only a schema changes.
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
    /** The plugin sends modalities only in the first update of a connection. */
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
  tools: { names: string; definitions: string } | null;
}

export class ToolUpdates {
  #pending: Pending[] = [];

  /** Notes an outgoing event. @returns the definitions of its tools as one text, if it has any */
  sent(event: unknown): string | null {
    const update = SentUpdate.safeParse(event);
    if (!update.success) return null;
    const { event_id: eventId, session } = update.data;
    // Updates of the previous connection are never answered.
    if (session.output_modalities !== undefined) this.#pending = [];
    const tools = session.tools ? summary(session.tools) : null;
    this.#pending.push({ eventId, tools });
    return tools && tools.definitions;
  }

  /** Notes an incoming event. @returns the answer to an update of tools; null for any other event */
  received(event: unknown): ToolsAnswer | null {
    const updated = SessionUpdated.safeParse(event);
    if (updated.success) return this.#updated(summary(updated.data.session.tools));
    const failed = ErrorEvent.safeParse(event);
    return failed.success ? this.#failed(failed.data.error) : null;
  }

  #updated(echoed: { names: string; definitions: string }): ToolsAnswer | null {
    const exact = this.#pending.findIndex(({ tools }) => tools?.definitions === echoed.definitions);
    const oldest = this.#pending[0];
    const index = exact >= 0 ? exact : 0;
    // Other names than the oldest has: the answer to an update sent before this one listened.
    if (exact < 0 && oldest?.tools && oldest.tools.names !== echoed.names) return null;
    const answered = this.#take(index);
    return answered?.tools ? { outcome: 'acknowledged', definitions: answered.tools.definitions } : null;
  }

  #failed(error: ModelError): ToolsAnswer | null {
    const { event_id, param } = error;
    const isIt = event_id
      ? ({ eventId }: Pending) => eventId === event_id
      : // An error that names no event is matched by its parameter.
        ({ tools }: Pending) => tools !== null && param?.startsWith('session.tools') === true;
    const answered = this.#take(this.#pending.findIndex(isIt));
    if (!answered?.tools) return null;
    const { definitions } = answered.tools;
    return { outcome: 'rejected', definitions, ...classifyRejection(error) };
  }

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
