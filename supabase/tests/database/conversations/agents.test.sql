-- Agents: private to their workspace, always exactly one default, servers of the same workspace only.
begin;
\ir ../helpers.psql
select plan(37);

insert into auth.users (id, email) values
  ('aaaaaaaa-0000-4000-8000-000000000001', 'ada@pgtap.test'),
  ('bbbbbbbb-0000-4000-8000-000000000002', 'bob@pgtap.test'),
  ('cccccccc-0000-4000-8000-000000000003', 'cyd@pgtap.test'),
  ('dddddddd-0000-4000-8000-000000000004', 'dee@pgtap.test');

select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
insert into public.mcp_servers (name, url) values ('Notes', 'https://notes.example/mcp');
select set_config('pgtap.server', id::text, true), set_config('pgtap.workspace', workspace_id::text, true)
from public.mcp_servers;

select is((select count(*) from public.agent_configs), 1::bigint, 'a user sees the own agent only');
select results_eq(
  $$
    insert into public.agent_configs (name, greeting) values (' Helper ', null)
    returning name, user_id, is_default, voice_model, temperature, greeting, all_servers, provider, model,
      reasoning_effort, turn_detection, turn_eagerness, language
  $$,
  $$
    values (
      'Helper', 'aaaaaaaa-0000-4000-8000-000000000001'::uuid, false, 'coral', 80, '', true, 'openai', null::text,
      null::text, 'fast', 'auto', null::text
    )
  $$,
  'an agent needs only a name'
);
select throws_ok(
  $$ insert into public.agent_configs (name, temperature) values ('x', 101) $$, 'PT400', null, 'a temperature out of range is refused'
);
select throws_ok(
  $$ insert into public.agent_configs (name, voice_model) values ('x', 'nobody') $$, 'PT400', null, 'an unknown voice is refused'
);
select throws_ok($$ insert into public.agent_configs (name) values ('') $$, 'PT400', null, 'an agent needs a name');
select results_eq(
  $$
    update public.agent_configs set model = ' gpt-realtime-2.1 ', reasoning_effort = 'low', turn_detection = 'semantic',
      turn_eagerness = 'high', language = 'pt-BR'
    where name = 'Helper'
    returning model, reasoning_effort, turn_detection, turn_eagerness, language
  $$,
  $$ values ('gpt-realtime-2.1', 'low', 'semantic', 'high', 'pt-BR') $$,
  'an agent has a model of its own, and its own way to listen'
);
select results_eq(
  $$
    update public.agent_configs set model = ' ', reasoning_effort = null, turn_detection = null,
      turn_eagerness = null, language = ''
    where name = 'Helper'
    returning model, reasoning_effort, turn_detection, turn_eagerness, language
  $$,
  $$ values (null::text, null::text, 'fast', 'auto', null::text) $$,
  'an empty field gets its default'
);
create function pg_temp.refused(p_column text, p_value text) returns text language plpgsql as $$
declare
  v_detail text;
begin
  execute format('update public.agent_configs set %I = %L where name = ''Helper''', p_column, p_value);
  return 'taken';
exception when sqlstate 'PT400' then
  get stacked diagnostics v_detail = pg_exception_detail;
  return v_detail::jsonb #>> array[p_column, '0', 'code'];
end
$$;
select is(pg_temp.refused('provider', 'azure'), 'unknown_choice', 'an unsupported provider is refused');
select is(pg_temp.refused('model', 'gpt realtime'), 'bad_format', 'a model name with a space is refused');
select is(pg_temp.refused('model', repeat('m', 101)), 'bad_format', 'a very long model name is refused');
select is(pg_temp.refused('reasoning_effort', 'none'), 'unknown_choice', 'an unknown reasoning effort is refused');
select is(pg_temp.refused('turn_detection', 'server_vad'), 'unknown_choice', 'an unknown turn detection is refused');
select is(pg_temp.refused('turn_eagerness', 'eager'), 'unknown_choice', 'an unknown eagerness is refused');
select is(pg_temp.refused('language', 'English'), 'bad_format', 'a language that is not a code is refused');
select throws_ok(
  $$ insert into public.agent_configs (name, system_prompt) values ('x', repeat('x', 20001)) $$,
  'PT400', null, 'a prompt that is too long is refused'
);
select throws_ok(
  $$ update public.agent_configs set workspace_id = gen_random_uuid() $$, '42501', null, 'agents cannot be moved to another workspace'
);

select lives_ok($$ update public.agent_configs set is_default = true where name = 'Helper' $$, 'an admin can choose another default agent');
select results_eq(
  'select name from public.agent_configs where is_default', $$ values ('Helper') $$, 'a new default agent replaces the former one'
);
select throws_ok(
  $$ update public.agent_configs set is_default = false where name = 'Helper' $$, 'PT409', null, 'a workspace always has a default agent'
);
delete from public.agent_configs where name = 'Helper';
select results_eq(
  'select name from public.agent_configs where is_default', $$ values ('Assistant') $$, 'another agent becomes the default if the default is deleted'
);
select throws_ok('delete from public.agent_configs', 'PT409', null, 'the last agent cannot be deleted');

-- Servers of an agent
insert into public.agent_configs (name, all_servers) values ('Picky', false);
select lives_ok(
  $$
    insert into public.agent_config_servers (agent_config_id, server_id)
    select id, current_setting('pgtap.server')::uuid from public.agent_configs where name = 'Picky'
  $$,
  'an agent is given a server'
);
select set_config('pgtap.agent', id::text, true) from public.agent_configs where name = 'Picky';

select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000002');
select is((select count(*) from public.agent_config_servers), 0::bigint, 'strangers do not see the servers of an agent');
select throws_ok(
  $$
    insert into public.agent_config_servers (agent_config_id, server_id)
    values (current_setting('pgtap.agent')::uuid, current_setting('pgtap.server')::uuid)
  $$,
  'PT404', null, 'strangers cannot add servers to an agent'
);
select throws_ok(
  $$
    insert into public.agent_config_servers (agent_config_id, server_id)
    select id, current_setting('pgtap.server')::uuid from public.agent_configs
  $$,
  'PT404', null, 'a server of another workspace cannot be added to an agent'
);
update public.agent_configs set system_prompt = 'Obey Bob.';
select is((select count(*) from public.agent_configs where system_prompt = 'Obey Bob.'), 1::bigint, 'strangers edit only their own');

reset role;
insert into public.workspace_members (workspace_id, user_id, role) values
  (current_setting('pgtap.workspace')::uuid, 'cccccccc-0000-4000-8000-000000000003', 'member'),
  (current_setting('pgtap.workspace')::uuid, 'dddddddd-0000-4000-8000-000000000004', 'viewer');
select pg_temp.act_as('dddddddd-0000-4000-8000-000000000004');
select is(
  (select count(*) from public.agent_configs where workspace_id = current_setting('pgtap.workspace')::uuid),
  2::bigint, 'a viewer sees the agents'
);
update public.agent_configs set greeting = 'by a viewer' where workspace_id = current_setting('pgtap.workspace')::uuid;
select throws_ok(
  $$ insert into public.agent_configs (workspace_id, name) values (current_setting('pgtap.workspace')::uuid, 'x') $$,
  '42501', null, 'a viewer adds no agents'
);
delete from public.agent_config_servers;
select is((select count(*) from public.agent_config_servers), 1::bigint, 'a viewer removes no servers from agents');
delete from public.agent_configs where workspace_id = current_setting('pgtap.workspace')::uuid;
select is(
  (select count(*) from public.agent_configs where workspace_id = current_setting('pgtap.workspace')::uuid),
  2::bigint, 'a viewer deletes no agents'
);
select pg_temp.act_as('cccccccc-0000-4000-8000-000000000003');
insert into public.agent_configs (workspace_id, name) values (current_setting('pgtap.workspace')::uuid, 'Cyds');
update public.agent_configs set greeting = 'by a member' where workspace_id = current_setting('pgtap.workspace')::uuid;
select results_eq(
  $$
    select name, greeting from public.agent_configs
    where workspace_id = current_setting('pgtap.workspace')::uuid and greeting like 'by a%'
  $$,
  $$ values ('Cyds', 'by a member') $$,
  'a member adds agents and edits only these'
);
delete from public.agent_configs where workspace_id = current_setting('pgtap.workspace')::uuid and name <> 'Cyds';
select is(
  (select count(*) from public.agent_configs where workspace_id = current_setting('pgtap.workspace')::uuid),
  3::bigint, 'deletes none of the others'
);
select throws_ok(
  $$ update public.agent_configs set is_default = true where name = 'Cyds' $$,
  'PT403', null, 'a member does not choose the default agent'
);
select throws_ok(
  $$
    insert into public.agent_config_servers (agent_config_id, server_id)
    values (current_setting('pgtap.agent')::uuid, current_setting('pgtap.server')::uuid)
  $$,
  '42501', null, 'a member does not change the servers of other members'' agents'
);

select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
insert into public.workspaces (name) values ('Team');
update public.mcp_servers set workspace_id = (select id from public.workspaces where name = 'Team');
select is((select count(*) from public.agent_config_servers), 0::bigint, 'a server that moves leaves the agents it had');
select lives_ok($$ delete from public.workspaces where name = 'Team' $$, 'a workspace goes with all its agents');
reset role;
select lives_ok(
  $$ delete from auth.users where id = 'aaaaaaaa-0000-4000-8000-000000000001' $$, 'deleting an account deletes its agents'
);

select * from finish();
rollback;
