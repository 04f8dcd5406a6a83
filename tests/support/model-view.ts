import { z } from 'zod';
import { runningStack } from './running-stack.ts';

const ModelSession = z.object({
  id: z.string(),
  model: z.string(),
  reasoning: z.unknown(),
  voice: z.string(),
  input: z.object({
    turn_detection: z.object({ type: z.string(), eagerness: z.string().optional() }),
    transcription: z.object({ model: z.string(), languages: z.array(z.string()).optional() }),
  }),
  instructions: z.string(),
  tools: z.array(
    z.object({ name: z.string(), description: z.string(), parameters: z.record(z.string(), z.unknown()) }),
  ),
  /** Session updates that contained tools. */
  tool_updates: z.object({ accepted: z.number(), rejected: z.number() }),
});
export type ModelSession = z.infer<typeof ModelSession>;

/** What each live session of the rehearsal model really holds. */
export async function modelSessions(): Promise<ModelSession[]> {
  const response = await fetch(`${runningStack().model_url}/sessions`);
  return z.array(ModelSession).parse(await response.json());
}

/** The names of the tools of all live sessions, sorted. */
export async function modelTools(): Promise<string[]> {
  return (await modelSessions()).flatMap((session) => session.tools.map((tool) => tool.name)).sort();
}
