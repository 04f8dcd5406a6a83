-- The end of an account: what is deleted, who owns what others share, and which credentials go.
begin;
\ir ../helpers.psql
select plan(48);

insert into auth.users (id, email) values
  ('aaaaaaaa-0000-4000-8000-000000000001', 'ada@pgtap.test'),
  ('bbbbbbbb-0000-4000-8000-000000000002', 'bob@pgtap.test'),
  ('cccccccc-0000-4000-8000-000000000003', 'cyd@pgtap.test'),
  ('dddddddd-0000-4000-8000-000000000004', 'dee@pgtap.test'),
  ('eeeeeeee-0000-4000-8000-000000000005', 'eve@pgtap.test');

-- A workspace of somebody's with these members, who came in this order.
create function pg_temp.open(p_name text, p_owner text, p_members jsonb) returns void language plpgsql as $$
declare
  v_id uuid;
begin
  insert into public.workspaces (name, created_by)
  select p_name, u.id from auth.users u where u.email = p_owner || '@pgtap.test' returning id into v_id;
  insert into public.workspace_members (workspace_id, user_id, role, created_at)
  select v_id, u.id, m.value ->> 1, now() + n * interval '1 second'
  from jsonb_array_elements(p_members) with ordinality as m (value, n)
  join auth.users u on u.email = (m.value ->> 0) || '@pgtap.test';
  perform set_config('pgtap.' || replace(lower(p_name), ' ', '_'), v_id::text, true);
end
$$;
-- Who is in a workspace: "ada owner, bob viewer". Null: it is gone.
create function pg_temp.people(p_name text) returns text language sql security definer as $$
  select string_agg(split_part(u.email, '@', 1) || ' ' || m.role, ', ' order by u.email)
  from public.workspaces w join public.workspace_members m on m.workspace_id = w.id
  join auth.users u on u.id = m.user_id where w.name = p_name
$$;

select pg_temp.open('Crew', 'ada', '[["bob", "member"], ["cyd", "admin"], ["dee", "admin"], ["eve", "viewer"]]');
select pg_temp.open('Audience', 'ada', '[["eve", "viewer"]]');
select pg_temp.open('Pair', 'ada', '[["bob", "owner"]]');
select pg_temp.open('Solo', 'ada', '[]');
select pg_temp.open('Guests', 'bob', '[["ada", "member"]]');
-- Eve was let into Ada's personal workspace, too.
insert into public.workspace_members (workspace_id, user_id, role)
select id, 'eeeeeeee-0000-4000-8000-000000000005', 'admin' from public.workspaces where name = 'ada';

-- Credentials: a shared key and a shared sign-in of each, a webhook, a key of the member's own, a token.
create function pg_temp.server(p_workspace text, p_name text, p_method text, p_scope text, p_actor uuid, p_holder uuid)
returns void language plpgsql as $$
declare
  v_server public.mcp_servers;
begin
  insert into public.mcp_servers (workspace_id, user_id, name, url, auth_method, credential_scope)
  values (
    current_setting('pgtap.' || p_workspace)::uuid, 'bbbbbbbb-0000-4000-8000-000000000002', p_name,
    'https://x.example', p_method, p_scope
  ) returning * into v_server;
  if p_method = 'oauth' then
    perform public.put_grant(gen_random_uuid(), v_server.id, v_server.workspace_id, v_server.url, p_holder,
      'https://login.example', '{"ciphertext": "c", "nonce": "n", "key_id": "k"}', null, p_actor);
  else
    perform public.put_server_secret(v_server.id, v_server.workspace_id, v_server.url, p_method, 'c', 'n', 'k', p_actor,
      p_holder);
  end if;
end
$$;
select pg_temp.server('crew', 'Adas key', 'bearer_token', 'workspace', 'aaaaaaaa-0000-4000-8000-000000000001', null);
select pg_temp.server('crew', 'Bobs key', 'bearer_token', 'workspace', 'bbbbbbbb-0000-4000-8000-000000000002', null);
select pg_temp.server('crew', 'Adas sign-in', 'oauth', 'workspace', 'aaaaaaaa-0000-4000-8000-000000000001', null);
select pg_temp.server('crew', 'Bobs sign-in', 'oauth', 'workspace', 'bbbbbbbb-0000-4000-8000-000000000002', null);
select pg_temp.server('guests', 'Own key', 'bearer_token', 'member', 'aaaaaaaa-0000-4000-8000-000000000001', 'aaaaaaaa-0000-4000-8000-000000000001');
select pg_temp.server('guests', 'Own sign-in', 'oauth', 'member', 'aaaaaaaa-0000-4000-8000-000000000001', 'aaaaaaaa-0000-4000-8000-000000000001');
select pg_temp.server('guests', 'Adas shared key', 'bearer_token', 'workspace', 'aaaaaaaa-0000-4000-8000-000000000001', null);
select public.put_notice_webhook(gen_random_uuid(), current_setting('pgtap.crew')::uuid, 'https://hooks.example/a',
  '{"ciphertext": "c", "nonce": "n", "key_id": "k"}', 'aaaaaaaa-0000-4000-8000-000000000001');
select public.put_notice_webhook(gen_random_uuid(), current_setting('pgtap.pair')::uuid, 'https://hooks.example/b',
  '{"ciphertext": "c", "nonce": "n", "key_id": "k"}', 'bbbbbbbb-0000-4000-8000-000000000002');
create function pg_temp.credentials() returns text language sql security definer as $$
  select concat_ws(', ',
    (select string_agg(s.name || case when s.auth_method <> 'oauth' and not s.has_credential
        and s.credential_scope = 'workspace' then ' without' else '' end, ', ' order by s.name)
     from public.mcp_servers s
     where s.url like 'https://%.example%' and (
       exists (select from public.mcp_server_secrets x where x.server_id = s.id)
       or exists (select from public.mcp_server_grants g where g.server_id = s.id)
     )),
    (select string_agg(w.url, ', ' order by w.url) from public.notice_webhooks w where w.url like 'https://%.example%')
  )
$$;
select is(
  pg_temp.credentials(),
  'Adas key, Adas shared key, Adas sign-in, Bobs key, Bobs sign-in, Own key, Own sign-in, '
    || 'https://hooks.example/a, https://hooks.example/b',
  'every kind of credential was entered'
);
insert into public.voice_sessions (workspace_id, user_id, state) values
  (current_setting('pgtap.guests')::uuid, 'aaaaaaaa-0000-4000-8000-000000000001', 'active'),
  (current_setting('pgtap.guests')::uuid, 'bbbbbbbb-0000-4000-8000-000000000002', 'active');

-- What the page shows
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select is(
  public.preview_account_deletion() -> 'personal', '{"name": "ada", "members": ["eve@pgtap.test"]}',
  'the preview names the others in the personal workspace'
);
select is(
  public.preview_account_deletion() -> 'shared',
  jsonb_build_array(
    jsonb_build_object('id', current_setting('pgtap.audience'), 'name', 'Audience', 'successors', '[]'::jsonb),
    jsonb_build_object('id', current_setting('pgtap.crew'), 'name', 'Crew', 'successors', '[
      {"user_id": "cccccccc-0000-4000-8000-000000000003", "email": "cyd@pgtap.test"},
      {"user_id": "dddddddd-0000-4000-8000-000000000004", "email": "dee@pgtap.test"},
      {"user_id": "bbbbbbbb-0000-4000-8000-000000000002", "email": "bob@pgtap.test"}
    ]'::jsonb)
  ),
  'the preview offers admins, then members, and no viewer'
);
select is(public.preview_account_deletion() -> 'alone', '["Solo"]', 'the preview lists what nobody else is in');
select is(
  public.preview_account_deletion() -> 'credentials',
  '[
    {"workspace": "Crew", "name": "Adas key", "kind": "key"},
    {"workspace": "Crew", "name": "Adas sign-in", "kind": "sign_in"},
    {"workspace": "Crew", "name": "webhook", "kind": "webhook"},
    {"workspace": "Guests", "name": "Adas shared key", "kind": "key"}
  ]'::jsonb,
  'the preview lists shared credentials that others lose'
);

-- Choices
select throws_ok(
  $$ select public.delete_account() $$, 'PT409',
  'Choose a new owner for each shared workspace, or delete it.', 'without a choice nothing is deleted'
);
create function pg_temp.refusal(p_successors jsonb) returns text language plpgsql as $$
declare
  v_detail text;
begin
  perform public.delete_account(p_successors);
  return 'deleted';
exception when others then
  get stacked diagnostics v_detail = pg_exception_detail;
  return sqlstate || ' ' || v_detail;
end
$$;
select is(
  pg_temp.refusal(jsonb_build_object(current_setting('pgtap.crew'), 'cccccccc-0000-4000-8000-000000000003')),
  'PT409 ' || jsonb_build_object('code', 'successor_needed', 'workspaces', jsonb_build_array(
    jsonb_build_object('id', current_setting('pgtap.audience'), 'name', 'Audience')
  ))::text,
  'a choice for one workspace alone is refused with the list of the others'
);
select matches(
  pg_temp.refusal(jsonb_build_object(
    current_setting('pgtap.audience'), 'eeeeeeee-0000-4000-8000-000000000005', current_setting('pgtap.crew'), null
  )),
  '^PT400 \{"' || current_setting('pgtap.audience') || '": \[\{"code": "unknown_choice"', 'a viewer is not accepted'
);
select matches(
  pg_temp.refusal(jsonb_build_object(
    current_setting('pgtap.audience'), null, current_setting('pgtap.crew'), v
  )),
  '^PT400 \{"' || current_setting('pgtap.crew') || '": \[\{"code": "unknown_choice"', 'nor is ' || v
) from unnest(array[
  'aaaaaaaa-0000-4000-8000-000000000001', 'ffffffff-0000-4000-8000-000000000009', 'cyd@pgtap.test', ''
]) v;
select matches(
  pg_temp.refusal(jsonb_build_array(current_setting('pgtap.audience'), current_setting('pgtap.crew'))),
  '^PT400 \{"successors": \[\{"code": "wrong_type"', 'a list of ids is no choice'
);
reset role;
update auth.users set banned_until = now() + interval '1 day' where email = 'cyd@pgtap.test';
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select matches(
  pg_temp.refusal(jsonb_build_object(
    current_setting('pgtap.audience'), null, current_setting('pgtap.crew'), 'cccccccc-0000-4000-8000-000000000003'
  )),
  '^PT400', 'a banned account is not accepted as successor'
);
select is(pg_temp.people('Crew'), 'ada owner, bob member, cyd admin, dee admin, eve viewer', 'a refused deletion changes nothing');
select is(
  pg_temp.refusal(jsonb_build_object(
    current_setting('pgtap.audience'), null, current_setting('pgtap.crew'), 'bbbbbbbb-0000-4000-8000-000000000002',
    current_setting('pgtap.pair'), null, current_setting('pgtap.guests'), null
  )),
  'deleted', 'a complete choice is accepted; choices for workspaces with another owner are ignored'
);
reset role;
select is_empty(
  $$ select email from auth.users where id = 'aaaaaaaa-0000-4000-8000-000000000001' $$, 'the account is gone'
);
select is(pg_temp.people('ada'), null, 'the personal workspace is deleted, although it had another member');
select is(pg_temp.people('Solo'), null, 'a workspace without other members is deleted');
select is(pg_temp.people('Audience'), null, 'a workspace that the user chose to delete is deleted');
select is(pg_temp.people('Crew'), 'bob owner, cyd admin, dee admin, eve viewer', 'the chosen member owns the other');
select is(pg_temp.people('Pair'), 'bob owner', 'a workspace with another owner stays as it is');
select is(pg_temp.people('Guests'), 'bob owner', 'a workspace of another owner stays as it is');
select is(
  pg_temp.credentials(), 'Bobs key, Bobs sign-in, https://hooks.example/b', 'only what others entered is left'
);
select is(
  (select count(*) from private.grant_revocations), 2::bigint,
  'both sign-ins are revoked at their authorization server'
);
select results_eq(
  $$ select user_id from public.voice_sessions $$, $$ values ('bbbbbbbb-0000-4000-8000-000000000002'::uuid) $$,
  'conversations of the account are gone'
);
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select lives_ok($$ select public.delete_account() $$, 'a second request finds nothing to delete');
select is(public.preview_account_deletion() -> 'personal', 'null', 'a preview after the deletion finds nothing');

-- An administrator deletes a user: nobody is asked.
reset role;
update auth.users set banned_until = null where email = 'cyd@pgtap.test';
select pg_temp.open('Staff', 'dee', '[["cyd", "admin"], ["bob", "member"], ["eve", "admin"]]');
select pg_temp.open('Desk', 'dee', '[["eve", "viewer"], ["bob", "member"]]');
select pg_temp.open('Lobby', 'dee', '[["eve", "viewer"]]');
select pg_temp.open('Club', 'bob', '[["eve", "member"], ["cyd", "viewer"]]');
update auth.users set banned_until = now() + interval '1 day' where email = 'cyd@pgtap.test';
delete from auth.users where email = 'dee@pgtap.test';
select is(
  pg_temp.people('Staff'), 'bob member, cyd admin, eve owner',
  'the admin who joined first and is not banned becomes the owner'
);
select is(pg_temp.people('Desk'), 'bob owner, eve viewer', 'without admins a member becomes the owner');
select is(pg_temp.people('Lobby'), null, 'a viewer never becomes the owner, so the workspace is deleted');

-- Auth's soft deletion keeps the row.
select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000002');
select lives_ok(
  $$ select public.create_api_token(current_setting('pgtap.club')::uuid, 'Bobs') $$, 'Bob has a token'
);
reset role;
update auth.users set email = 'obscured', deleted_at = now() where email = 'bob@pgtap.test';
select is(
  (select count(*) from auth.users where id = 'bbbbbbbb-0000-4000-8000-000000000002'), 1::bigint, 'soft deletion keeps the row of the user'
);
select is(pg_temp.people('bob'), null, 'soft deletion deletes the personal workspace');
select is(pg_temp.people('Club'), 'cyd viewer, eve owner', 'soft deletion gives a shared workspace another owner');
select is(pg_temp.people('Crew'), null, 'a workspace with only a banned admin and a viewer left is deleted');
select is(pg_temp.credentials(), '', 'soft deletion deletes credentials');
select is_empty(
  $$ select c.t from (select 'tokens' as t from public.api_tokens union all select 'sessions' from public.voice_sessions) c $$,
  'soft deletion deletes tokens and conversations'
);
select is_empty(
  $$
    select from public.audit_events e
    where 'bbbbbbbb-0000-4000-8000-000000000002' in (e.actor_id::text, e.row_id::text)
  $$,
  'the audit log has no id of a deleted user'
);
-- The access token of before is good for an hour.
select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000002');
select throws_ok(
  $$ insert into public.workspaces (name) values ('Ghost') $$, 'PT403', null,
  'a soft-deleted account creates no workspace'
);
reset role;
select throws_ok(
  $$
    insert into public.voice_sessions (workspace_id, user_id)
    values (current_setting('pgtap.club')::uuid, 'bbbbbbbb-0000-4000-8000-000000000002')
  $$, 'PT403', null, 'a soft-deleted account starts no conversation'
);
update auth.users set deleted_at = now() where email = 'obscured';
delete from auth.users where email = 'obscured';
select is(pg_temp.people('Club'), 'cyd viewer, eve owner', 'the row of a soft-deleted user can be deleted later');

-- A ban
select pg_temp.act_as('eeeeeeee-0000-4000-8000-000000000005');
select set_config('pgtap.token', public.create_api_token(current_setting('pgtap.club')::uuid, 'Eves') ->> 'token', true);
reset role;
insert into public.voice_sessions (workspace_id, user_id, state)
values (current_setting('pgtap.club')::uuid, 'eeeeeeee-0000-4000-8000-000000000005', 'active');
create function pg_temp.token_state() returns text language sql as $$
  select public.use_api_token(private.token_hash(current_setting('pgtap.token'))) ->> 'state'
$$;
select is(pg_temp.token_state(), 'good', 'Eve has a token');
update auth.users set banned_until = now() + interval '1 day' where email = 'eve@pgtap.test';
select is(pg_temp.token_state(), 'revoked', 'a token of a banned account does not work');
select is(
  (select string_agg(state, ' ') from public.voice_sessions), 'ended', 'a conversation of a banned account ends'
);
select is(pg_temp.people('Club'), 'cyd viewer, eve owner', 'a ban deletes nothing');
update auth.users set banned_until = null where email = 'eve@pgtap.test';
select is(pg_temp.token_state(), 'good', 'the token works again after the ban');

-- Leaving a workspace
update auth.users set banned_until = null where email = 'cyd@pgtap.test';
select pg_temp.open('Office', 'eve', '[["cyd", "admin"]]');
select set_config('request.jwt.claims', '', true);
insert into public.mcp_servers (workspace_id, user_id, name, url, auth_method)
values (current_setting('pgtap.office')::uuid, 'eeeeeeee-0000-4000-8000-000000000005', 'Shared key', 'https://x.example', 'bearer_token'),
  (current_setting('pgtap.office')::uuid, 'eeeeeeee-0000-4000-8000-000000000005', 'Shared sign-in', 'https://x.example', 'oauth');
select public.put_server_secret(s.id, s.workspace_id, s.url, s.auth_method, 'c', 'n', 'k', 'cccccccc-0000-4000-8000-000000000003')
  from public.mcp_servers s where s.name = 'Shared key';
select public.put_grant(gen_random_uuid(), s.id, s.workspace_id, s.url, null, 'https://login.example',
  '{"ciphertext": "c", "nonce": "n", "key_id": "k"}', null, 'cccccccc-0000-4000-8000-000000000003')
  from public.mcp_servers s where s.name = 'Shared sign-in';
select pg_temp.act_as('cccccccc-0000-4000-8000-000000000003');
delete from public.workspace_members where user_id = auth.uid() and workspace_id = current_setting('pgtap.office')::uuid;
reset role;
select is(
  pg_temp.credentials(), 'Shared key',
  'a member who leaves takes their shared sign-in along, but not a shared key'
);

select * from finish();
rollback;
