import { resolve } from 'node:path';
import { z } from 'zod';
import { runTool } from '../../local/processes/tool.ts';

export const PGDELTA = resolve(import.meta.dirname, '../../node_modules/.bin/pgdelta');

const Thing = z.object({
  kind: z.string(),
  schema: z.string().optional(),
  table: z.string().optional(),
  name: z.string().optional(),
  args: z.array(z.string()).optional(),
  grantee: z.string().optional(),
});
const Subject = Thing.extend({ target: Thing.optional() });
type Subject = z.infer<typeof Subject>;

const Fact = z.object({ id: Subject });
const Delta = z.discriminatedUnion('verb', [
  z.object({ verb: z.literal('add'), fact: Fact }),
  z.object({ verb: z.literal('remove'), fact: Fact }),
  z.object({ verb: z.literal('set'), id: Subject, attr: z.string() }),
  z.object({ verb: z.literal('link') }),
  z.object({ verb: z.literal('unlink') }),
]);
const Plan = z.object({ deltas: z.array(Delta) });

export interface Difference {
  verdict: 'missing' | 'unknown' | 'different';
  /** Such as `policy public.mcp_servers "members see servers"`. */
  what: string;
}

/**
 * Compares tables, columns, constraints, indexes, policies, grants, functions and triggers of two databases, as
 * far as they are the project's own: what the platform keeps beside them is passed over.
 * @throws Error when one of them cannot be read
 */
export async function findDifferences(databaseUrl: string, expectedUrl: string): Promise<Difference[]> {
  const args = ['plan', '--profile', 'raw', '--source', databaseUrl, '--desired', expectedUrl];
  const { code, output } = await runTool({ command: PGDELTA, args });
  // Its notes come before the plan, which is one JSON object over several lines.
  const start = output.search(/^\{$/m);
  if (code !== 0 || start < 0) throw new Error(`The databases could not be compared:\n${output}`);
  const plan = Plan.parse(JSON.parse(output.slice(start)));
  return plan.deltas.flatMap((delta) => {
    if (delta.verb === 'link' || delta.verb === 'unlink') return [];
    const subject = delta.verb === 'set' ? delta.id : delta.fact.id;
    if (!isOurs(subject)) return [];
    const verdicts = { add: 'missing', remove: 'unknown', set: 'different' } as const;
    const attribute = delta.verb === 'set' ? ` (${delta.attr})` : '';
    return [{ verdict: verdicts[delta.verb], what: describe(subject) + attribute }];
  });
}

/** Includes what we add to the platform's schemas: a trigger on users, a policy on messages. */
function isOurs(subject: Subject): boolean {
  const { kind, schema, table, name } = subject.target ?? subject;
  if (kind === 'schema') return name === 'private';
  if (schema === 'public' || schema === 'private') return true;
  if (kind === 'trigger') return schema === 'auth' && (name?.startsWith('patchbay_') ?? false);
  return kind === 'policy' && schema === 'realtime' && table === 'messages';
}

function describe({ target, ...subject }: Subject): string {
  if (target) return `grant on ${describe(target)}${subject.grantee ? ` to ${subject.grantee}` : ''}`;
  const { kind, schema, table, name = '', args } = subject;
  const place = [schema, table].filter(Boolean).join('.');
  const called = /^\w+$/.test(name) ? name : `"${name}"`;
  const separator = called.startsWith('"') ? ' ' : '.';
  return `${kind} ${place ? `${place}${separator}` : ''}${called}${args ? `(${args.join(', ')})` : ''}`;
}
