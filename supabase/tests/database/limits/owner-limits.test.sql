-- Servers count for the owner of their workspace, in all workspaces; and what is made in a day stays counted when it is
-- deleted.
begin;
\ir ../helpers.psql
select plan(20);

create function pg_temp.refusal(p_statement text) returns text language plpgsql as $$
begin
  execute p_statement;
  return null;
exception when others then
  return sqlstate || ' ' || sqlerrm;
end
$$;

select set_config('pgtap.ada', 'aaaaaaaa-0000-4000-8000-000000000001', true),
  set_config('pgtap.bob', 'bbbbbbbb-0000-4000-8000-000000000002', true);
insert into auth.users (id, email) values
  (current_setting('pgtap.ada')::uuid, 'ada@pgtap.test'), (current_setting('pgtap.bob')::uuid, 'bob@pgtap.test');
select pg_temp.act_as(current_setting('pgtap.ada')::uuid);
insert into public.workspaces (name) values ('Team'), ('Other');
reset role;
select set_config('pgtap.team', id::text, true) from public.workspaces where name = 'Team';
select set_config('pgtap.other', id::text, true) from public.workspaces where name = 'Other';
select set_config('pgtap.bobs', id::text, true) from public.workspaces
where is_personal and created_by = current_setting('pgtap.bob')::uuid;
insert into public.workspace_members (workspace_id, user_id, role) values
  (current_setting('pgtap.team')::uuid, current_setting('pgtap.bob')::uuid, 'admin');
insert into public.limits (name, user_id, allowed) values
  ('servers_per_user', current_setting('pgtap.ada')::uuid, 3),
  ('servers_per_user', current_setting('pgtap.bob')::uuid, 2);

create function pg_temp.add(p_workspace text, p_names text) returns text language sql as $$
  select pg_temp.refusal(format(
    'insert into public.mcp_servers (workspace_id, name, url) select %L, n, ''https://x.example'' from unnest(%L::text[]) n',
    current_setting('pgtap.' || p_workspace), p_names
  ))
$$;

-- By owner ------------------------------------------------------------------------------------------
select pg_temp.act_as(current_setting('pgtap.ada')::uuid);
select is(pg_temp.add('team', '{One,Two}'), null, 'an owner can add servers within the limit');
select is(pg_temp.add('other', '{Three}'), null, 'an owner can add the last server in another workspace');
select is(
  pg_temp.add('other', '{Four,Five}'),
  'PT409 The limit of 3 servers in all workspaces of one owner is reached: 3 in use, 2 more requested.',
  'servers of all workspaces of an owner count together'
);
select pg_temp.act_as(current_setting('pgtap.bob')::uuid);
select matches(pg_temp.add('team', '{Four}'), '^PT409 The limit of 3 servers', 'servers of invited members count for the owner');
select is(pg_temp.add('bobs', '{Four}'), null, 'invited members can add servers to their own workspaces');
select matches(
  pg_temp.refusal(format(
    'update public.mcp_servers set workspace_id = %L where name = ''Four''', current_setting('pgtap.team')
  )),
  '^PT409 The limit of 3 servers', 'invited members cannot move servers into a full workspace'
);
select matches(
  pg_temp.refusal(format(
    'select public.import_workspace(%L, %L)', current_setting('pgtap.team'),
    '{"format": "patchbay.workspace", "version": 1, "agents": [], "servers": [{"name": "Five", "url": "https://x.example"}]}'
  )),
  '^PT409 The limit of 3 servers', 'invited members cannot import servers into a full workspace'
);
select is_empty(
  $$ select * from public.workspace_usage(current_setting('pgtap.team')::uuid) where "limit" = 'servers_per_user' $$,
  'nobody sees what others have elsewhere'
);
select pg_temp.act_as(current_setting('pgtap.ada')::uuid);
select results_eq(
  $$ select allowed, used from public.workspace_usage(current_setting('pgtap.team')::uuid)
     where "limit" = 'servers_per_user' $$,
  $$ values (3, 3::bigint) $$, 'owners see what they have'
);
select is(
  pg_temp.refusal(format(
    'select public.transfer_ownership(%L, %L)', current_setting('pgtap.team'), current_setting('pgtap.bob')
  )),
  'PT409 The limit of 2 servers in all workspaces of one owner is reached: 1 in use, 2 more requested.',
  'a workspace is not handed to somebody for whom its servers are too many'
);
delete from public.mcp_servers where name = 'One';
select is(
  pg_temp.refusal(format(
    'select public.transfer_ownership(%L, %L)', current_setting('pgtap.team'), current_setting('pgtap.bob')
  )),
  null, 'ownership can be transferred to a user with room'
);
select is(pg_temp.add('other', '{Six,Seven}'), null, 'a transfer gives the former owner room');

-- By day --------------------------------------------------------------------------------------------
reset role;
delete from public.limits where user_id is not null;
insert into public.limits (name, user_id, allowed) values
  ('workspaces_per_day_per_user', current_setting('pgtap.ada')::uuid, 4),
  ('servers_per_day_per_user', current_setting('pgtap.ada')::uuid, 7),
  ('invitations_per_day_per_user', current_setting('pgtap.ada')::uuid, 1),
  ('api_tokens_per_day_per_user', current_setting('pgtap.ada')::uuid, 1);
select pg_temp.act_as(current_setting('pgtap.ada')::uuid);
select is(pg_temp.refusal($$ insert into public.workspaces (name) values ('Fourth') $$), null, 'the last workspace of the day can be created');
delete from public.workspaces where name = 'Fourth';
select matches(
  pg_temp.refusal($$ insert into public.workspaces (name) values ('Fifth') $$),
  '^PT429 The limit of 4 workspaces per day per user is reached: try again in 24 hours', 'counts when it is gone'
);
select is(pg_temp.add('other', '{Eight,Nine}'), null, 'servers');
delete from public.mcp_servers where name in ('Eight', 'Nine');
select matches(pg_temp.add('other', '{Ten}'), '^PT429 The limit of 7 servers per day per user', 'servers per day are limited even in a new workspace');
select is(
  pg_temp.refusal(format('select public.create_invitation(%L, ''member'')', current_setting('pgtap.other'))), null,
  'the last invitation of the day can be created'
);
delete from public.workspace_invitations where workspace_id = current_setting('pgtap.other')::uuid;
select matches(
  pg_temp.refusal(format('select public.create_invitation(%L, ''member'')', current_setting('pgtap.other'))),
  '^PT429 The limit of 1 invitations per day per user', 'invitations per day are limited'
);
select is(
  pg_temp.refusal(format('select public.create_api_token(%L, ''x'')', current_setting('pgtap.other'))), null, 'an API token within the limit can be created'
);
select matches(
  pg_temp.refusal(format(
    'select public.revoke_api_token(id), public.create_api_token(workspace_id, ''x'') from public.api_tokens'
  )),
  '^PT429 The limit of 1 api tokens per day per user', 'revoking an API token does not make room for another on the same day'
);

select * from finish();
rollback;
