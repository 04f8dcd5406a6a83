-- Life cycle: old history ends, and what is deleted leaves nothing behind but what others share.
begin;
\ir ../helpers.psql
select plan(20);

insert into auth.users (id, email) values
  ('aaaaaaaa-0000-4000-8000-000000000001', 'ada@pgtap.test'),
  ('bbbbbbbb-0000-4000-8000-000000000002', 'bob@pgtap.test');

-- A workspace of Ada's with one of everything, shared with Bob who has one of everything in it as well.
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
insert into public.workspaces (name) values ('Team');
select set_config('pgtap.team', id::text, true) from public.workspaces where name = 'Team';
select set_config('pgtap.token', public.create_invitation(
  current_setting('pgtap.team')::uuid, 'member', 'bob@pgtap.test'
) ->> 'token', true);
select public.create_invitation(current_setting('pgtap.team')::uuid, 'viewer');
select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000002');
select public.accept_invitation(current_setting('pgtap.token'));
create function pg_temp.fill(p_user uuid, p_name text) returns void language plpgsql as $$
declare
  v_server uuid;
  v_agent uuid;
  v_session uuid := gen_random_uuid();
  v_workspace uuid := current_setting('pgtap.team')::uuid;
begin
  perform pg_temp.act_as(p_user);
  insert into public.mcp_servers (workspace_id, name, url, auth_method)
  values (v_workspace, p_name, 'https://x.example', 'bearer_token') returning id into v_server;
  insert into public.agent_configs (workspace_id, name, all_servers) values (v_workspace, p_name, false)
  returning id into v_agent;
  insert into public.agent_config_servers (agent_config_id, server_id) values (v_agent, v_server);
  perform set_config('role', 'postgres', true);
  perform public.put_server_secret(s.id, s.workspace_id, s.url, s.auth_method, 'sealed', 'nonce', 'key-1', p_user)
  from public.mcp_servers s where s.id = v_server;
  perform public.store_catalog(v_server, 2, clock_timestamp(), (
    select jsonb_agg(jsonb_build_object('name', n, 'fingerprint', '1', 'input_schema', '{}'::jsonb))
    from unnest(array['a', 'b']) n
  ));
  update public.mcp_tools set is_enabled = false where server_id = v_server;
  perform public.store_catalog(
    v_server, 2, clock_timestamp(), '[{"name": "a", "fingerprint": "1", "input_schema": {}}]'
  );
  perform public.report_server_status(jsonb_build_array(jsonb_build_object(
    'server_id', v_server, 'config_version', 2, 'source', 'function', 'status', 'connected', 'observed_at', now()
  )));
  insert into public.voice_sessions (id, workspace_id, user_id, agent_config_id)
  values (v_session, v_workspace, p_user, v_agent);
  perform public.claim_dispatch(v_session, 1000);
  perform public.record_tool_calls(jsonb_build_array(jsonb_build_object(
    'id', gen_random_uuid(), 'session_id', v_session, 'server_id', v_server, 'tool_name', 'a', 'outcome', 'ok',
    'started_at', now()
  )));
  perform public.count_call('probes', p_user, v_workspace);
  insert into public.limits (name, user_id, allowed) values ('workspaces_per_user', p_user, 9);
end
$$;
select pg_temp.fill('aaaaaaaa-0000-4000-8000-000000000001', 'Adas');
select pg_temp.fill('bbbbbbbb-0000-4000-8000-000000000002', 'Bobs');
reset role;
insert into public.limits (name, workspace_id, allowed) values ('servers', current_setting('pgtap.team')::uuid, 9);

-- Pruning -------------------------------------------------------------------------------------------
select is(
  (select string_agg(table_name || ' ' || keep, ', ' order by table_name) from private.retention
   where table_name in ('public.audit_events', 'public.tool_calls')),
  'public.audit_events 1 year, public.tool_calls 90 days',
  'how long things are kept is written in one place'
);
select is_empty(
  $$
    select r.table_name from private.retention r
    where not exists (
      select from pg_attribute a where a.attrelid = to_regclass(r.table_name) and a.attname = r.time_column
    )
  $$,
  'every rule of retention refers to an existing table and column'
);
create function pg_temp.ours() returns text language sql as $$
  select concat_ws(' ',
    (select count(*) from public.tool_calls where workspace_id = current_setting('pgtap.team')::uuid),
    (select count(*) from public.voice_sessions where workspace_id = current_setting('pgtap.team')::uuid),
    (select count(*) from public.mcp_server_checks where workspace_id = current_setting('pgtap.team')::uuid),
    (select count(*) from public.workspace_invitations where workspace_id = current_setting('pgtap.team')::uuid)
  )
$$;
select is(pg_temp.ours(), '2 2 2 2', 'there is history to prune');
select private.prune_history();
select is(pg_temp.ours(), '2 2 2 2', 'recent history is kept');
update public.voice_sessions set state = 'active', started_at = now() - interval '59 minutes'
where user_id = 'aaaaaaaa-0000-4000-8000-000000000001';
update public.voice_sessions set started_at = now() - interval '61 minutes'
where user_id = 'bbbbbbbb-0000-4000-8000-000000000002';
select private.prune_history();
select is(
  (select string_agg(state || coalesce(' ' || end_reason, ''), ', ' order by user_id) from public.voice_sessions
   where workspace_id = current_setting('pgtap.team')::uuid),
  'active, ended nobody_joined', 'a conversation that nobody joined ends'
);
update public.voice_sessions set started_at = now() - interval '61 minutes'
where state = 'active' and workspace_id = current_setting('pgtap.team')::uuid;
select private.prune_history();
select is(
  (select string_agg(end_reason, ', ' order by user_id) from public.voice_sessions
   where workspace_id = current_setting('pgtap.team')::uuid),
  'lost, nobody_joined', 'a lost conversation is ended'
);
update public.tool_calls set started_at = now() - interval '91 days'
where user_id = 'aaaaaaaa-0000-4000-8000-000000000001';
update public.mcp_server_checks set checked_at = now() - interval '31 days'
where server_id = (select id from public.mcp_servers where name = 'Adas');
update public.workspace_invitations set expires_at = now() - interval '31 days'
where accepted_at is null and workspace_id = current_setting('pgtap.team')::uuid;
update public.audit_events set created_at = now() - interval '366 days'
where table_name = 'agent_configs' and workspace_id = current_setting('pgtap.team')::uuid;
update private.call_rates set counted_at = now() - interval '2 days'
where workspace_id = current_setting('pgtap.team')::uuid;
select is(
  (
    select bool_and(value::integer >= 1) from jsonb_each_text(private.prune_history())
    where key in ('public.tool_calls', 'health', 'public.workspace_invitations')
  ),
  true, 'old rows are deleted and counted'
);
select is(pg_temp.ours(), '1 2 1 1', 'rows that are not old stay');
select is(
  (select count(*) from public.audit_events
   where table_name = 'agent_configs' and workspace_id = current_setting('pgtap.team')::uuid)
    + (select count(*) from private.call_rates where workspace_id = current_setting('pgtap.team')::uuid),
  0::bigint, 'trail and rates end as well'
);
update public.voice_sessions set ended_at = now() - interval '91 days', started_at = now() - interval '91 days'
where workspace_id = current_setting('pgtap.team')::uuid;
select private.prune_history();
select is(pg_temp.ours(), '0 0 1 1', 'a conversation goes with its calls');

-- Deleting ------------------------------------------------------------------------------------------
-- Every column that names a workspace or a user is tied to it, also in tables that come later.
select is_empty(
  $$
    select a.attrelid::regclass, a.attname
    from pg_attribute a join pg_class c on c.oid = a.attrelid
    where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and c.relkind in ('r', 'p')
      and a.attname in ('workspace_id', 'user_id', 'created_by', 'entered_by', 'invited_by', 'accepted_by', 'actor_id', 'server_id')
      and not a.attisdropped
      and not exists (
        select from pg_constraint k
        where k.conrelid = a.attrelid and k.contype = 'f' and a.attnum = any (k.conkey)
          and k.confdeltype in ('c', 'n')
      )
  $$,
  'whatever belongs to a workspace, user or server has a foreign key that clears it away'
);
-- Counts the rows, of all tables that are ours, in which a text occurs.
create function pg_temp.traces_of(p_text text) returns text language plpgsql as $$
declare
  v_table regclass;
  v_rows bigint;
  v_found text := '';
begin
  for v_table in
    select c.oid::regclass from pg_class c
    where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and c.relkind = 'r'
    order by c.oid::regclass::text
  loop
    execute format('select count(*) from %s t where t::text like %L', v_table, '%' || p_text || '%') into v_rows;
    if v_rows > 0 then
      v_found := v_found || v_table || ' ';
    end if;
  end loop;
  return btrim(v_found);
end
$$;
insert into public.voice_sessions (workspace_id, user_id) values
  (current_setting('pgtap.team')::uuid, 'bbbbbbbb-0000-4000-8000-000000000002');
select public.count_call('probes', 'bbbbbbbb-0000-4000-8000-000000000002', current_setting('pgtap.team')::uuid);
select is(
  pg_temp.traces_of('bbbbbbbb-0000-4000-8000-000000000002'),
  'agent_configs audit_events limits mcp_server_secrets mcp_servers private.call_rates private.uses voice_sessions '
    || 'workspace_invitations '
    || 'workspace_members workspaces',
  'a user is named in many places'
);
delete from auth.users where id = 'bbbbbbbb-0000-4000-8000-000000000002';
select is(pg_temp.traces_of('bbbbbbbb-0000-4000-8000-000000000002'), '', 'no row refers to a deleted account');
select is(pg_temp.traces_of('bob@pgtap.test'), '', 'no row has the email address of a deleted account');
select results_eq(
  $$
    select s.name, s.user_id, s.has_credential, (select count(*) from public.mcp_tools t where t.server_id = s.id)
    from public.mcp_servers s where s.workspace_id = current_setting('pgtap.team')::uuid order by 1
  $$,
  $$
    values ('Adas', 'aaaaaaaa-0000-4000-8000-000000000001'::uuid, true, 1::bigint), ('Bobs', null, false, 1)
  $$,
  'servers that were shared stay with their tools, without the key that only Bob entered'
);
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select lives_ok(
  $$ update public.mcp_servers set description = 'ours now' where name = 'Bobs' $$, 'servers of a deleted account can be edited'
);
select lives_ok(
  $$ delete from public.workspaces where id = current_setting('pgtap.team')::uuid $$, 'a workspace with all kinds of rows can be deleted'
);
reset role;
select is(pg_temp.traces_of(current_setting('pgtap.team')), '', 'no row has the id of a deleted workspace');
delete from auth.users where id = 'aaaaaaaa-0000-4000-8000-000000000001';
select is(pg_temp.traces_of('aaaaaaaa-0000-4000-8000-000000000001'), '', 'an account that shares nothing goes whole');
select is_empty(
  $$ select from public.mcp_server_secrets x where not exists (select from public.mcp_servers s where s.id = x.server_id) $$,
  'no credential outlives its server'
);

select * from finish();
rollback;
