import { invoke } from '../../support/rest-api.ts';
import type { Attack } from '../attack.ts';
import { atMost, holds } from '../finding.ts';
import type { ScriptedRequest } from '../../../shared/test/support/scripted-server.ts';

/** For all calls on a busy machine; without limits, the first alone takes minutes. */
const MOST_SECONDS = 15;
/** JSON nested 200,000 deep, in place of the text "DEEP". */
const DEEP = `${'{"a":['.repeat(100_000)}${']}'.repeat(100_000)}`;

const reference = (place: number) => ({ $ref: `#/$defs/d${place}` });
const named = (count: number, schemaOf: (place: number) => object) =>
  Object.fromEntries(Array.from({ length: count }, (_, place) => [`d${place}`, schemaOf(place)]));
const twice = (place: number) => ({ allOf: [reference(place), reference(place)] });
const chosen = [{ required: ['a'] }, { required: ['b'] }];

/** The last four are usable. */
const SCHEMAS: Record<string, object> = {
  choices: { ...reference(0), $defs: named(422, (place) => ({ anyOf: chosen, ...reference(place + 1) })) },
  chain: { ...reference(0), $defs: named(1_125, (place) => reference(place + 1)) },
  fan: { ...reference(0), $defs: named(40, (place) => twice(place + 1)) },
  large: { properties: { a: { enum: ['x'.repeat(70_000)] } } },
  deep: { properties: { a: 'DEEP' } },
  itself: { ...reference(0), $defs: { d0: { properties: { x: twice(0) } } } },
  pattern: { properties: { a: { type: 'string', pattern: '^(a+)+$', format: 'url' } } },
  circle: { properties: { a: reference(0) }, $defs: { d0: reference(1), d1: reference(0) } },
  echo: {},
};
const SKIPPED = ['choices', 'chain', 'fan', 'large', 'deep'];

export const attack: Attack = {
  name: 'schemas, arguments and results that are bombs',
  needsVoice: true,
  async run(arena) {
    const server = await arena.server(answer);
    const person = await arena.tenant('bomber');
    const serverId = await arena.addServer(person, 'bombs', server.url);
    await arena.monitor.probe(serverId);
    const { data } = await person.client
      .from('mcp_servers')
      .select('skipped_tools')
      .eq('id', serverId)
      .single<{ skipped_tools: { name: string }[] }>();
    const reported = data?.skipped_tools.map(({ name }) => name).join(', ') ?? 'nothing';

    const stillTalks = await arena.talk(person);
    const call = (tool: string, args: object) =>
      invoke(person, 'call-tool', { server_id: serverId, tool, arguments: args });
    const startedAt = performance.now();
    const calls = [
      await call('itself', nested(30)),
      await call('itself', nested(1_000)),
      await call('pattern', { a: `http://${'a'.repeat(80)}!` }),
      await call('circle', { a: '\0\ud83d', big: 'x'.repeat(100_000), n: 1e300 }),
      await call(
        'echo',
        Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`key-${n}`.repeat(20), n])),
      ),
    ];
    const seconds = (performance.now() - startedAt) / 1_000;
    const { count } = await person.client
      .from('tool_calls')
      .select('id', { count: 'exact', head: true })
      .eq('server_id', serverId);
    return [
      stillTalks,
      holds('each bomb is skipped and reported', reported === SKIPPED.join(', '), reported),
      atMost(`${calls.length} calls with such arguments and results`, seconds, MOST_SECONDS, 's'),
      holds(
        'each call is answered',
        calls.every(({ status }) => status === 200),
      ),
      holds('each call has its record', count === calls.length, `${count} of ${calls.length}`),
    ];
  },
};

function nested(levels: number): object {
  let args: object = {};
  for (let level = 0; level < levels; level += 1) args = { x: args };
  return args;
}

function answer({ what, result, send }: ScriptedRequest): boolean {
  if (what !== 'tools/list' && what !== 'tools/call') return false;
  const tools = Object.entries(SCHEMAS).map(([name, schema]) => ({
    name,
    inputSchema: { type: 'object', ...schema },
  }));
  const called = { content: [{ type: 'text', text: 'done' }], structuredContent: { a: 'DEEP' } };
  send(200, JSON.stringify(result(what === 'tools/list' ? { tools } : called)).replaceAll('"DEEP"', DEEP));
  return true;
}
