-- A credential is for the address at which it was entered: at another one of the same host it is dropped or held.
begin;
\ir ../helpers.psql
select plan(33);

insert into auth.users (id, email) values
  ('aaaaaaaa-0000-4000-8000-000000000001', 'ada@pgtap.test'),
  ('bbbbbbbb-0000-4000-8000-000000000002', 'bob@pgtap.test'),
  ('cccccccc-0000-4000-8000-000000000003', 'cyd@pgtap.test');
insert into public.workspaces (id, name, created_by) values
  ('77777777-0000-4000-8000-000000000007', 'Team', 'aaaaaaaa-0000-4000-8000-000000000001');
insert into public.workspace_members (workspace_id, user_id, role) values
  ('77777777-0000-4000-8000-000000000007', 'bbbbbbbb-0000-4000-8000-000000000002', 'admin'),
  ('77777777-0000-4000-8000-000000000007', 'cccccccc-0000-4000-8000-000000000003', 'member');

create function pg_temp.add_server(p_name text, p_method text, p_scope text) returns uuid language sql as $$
  insert into public.mcp_servers (workspace_id, user_id, name, url, auth_method, credential_scope)
  values (
    '77777777-0000-4000-8000-000000000007', 'aaaaaaaa-0000-4000-8000-000000000001', p_name,
    'https://host.example/tenant/mcp', p_method, p_scope
  ) returning id
$$;
create temp table servers on commit drop as
select pg_temp.add_server('Shared', 'api_key', 'workspace') as shared,
  pg_temp.add_server('Own', 'api_key', 'member') as own, pg_temp.add_server('OAuth', 'oauth', 'member') as oauth;
grant select on servers to authenticated, service_role;

create function pg_temp.put_key(p_server uuid, p_actor uuid, p_holder uuid default null) returns void language sql as $$
  select public.put_server_secret(
    s.id, s.workspace_id, s.url, s.auth_method, 'sealed by ' || p_actor, 'n', 'k', p_actor, p_holder
  )
  from public.mcp_servers s where s.id = p_server
$$;
create function pg_temp.put_grant(p_user uuid) returns void language sql as $$
  select public.put_grant(
    gen_random_uuid(), s.id, s.workspace_id, s.url, p_user, 'https://as.example',
    '{"ciphertext": "tokens", "nonce": "n", "key_id": "k"}', null, p_user
  )
  from public.mcp_servers s, servers where s.id = servers.oauth
$$;
-- What runtimes get.
create function pg_temp.used(p_server uuid, p_user uuid default null) returns text language sql as $$
  select private.server_target(p_server, p_user) -> 'secret' ->> 'ciphertext'
$$;
create function pg_temp.facts(p_server uuid) returns text language sql as $$
  select concat_ws(' ', s.has_credential, s.credential_holder_id, s.credential_held_since is not null)
  from public.mcp_servers s where s.id = p_server
$$;
create function pg_temp.move(p_server uuid, p_url text, p_actor uuid default 'bbbbbbbb-0000-4000-8000-000000000002')
returns void language plpgsql as $$
begin
  perform pg_temp.act_as(p_actor);
  update public.mcp_servers set url = p_url where id = p_server;
  perform pg_temp.as_system();
end
$$;
create function pg_temp.told() returns setof text language sql as $$
  select concat_ws(' ', n.kind, n.details ->> 'credential', u.email)
  from public.notices n left join auth.users u on u.id = n.recipient_id order by 1
$$;

-- A key of the workspace.
select pg_temp.put_key(shared, 'aaaaaaaa-0000-4000-8000-000000000001') from servers;
select is(pg_temp.facts(shared), 't aaaaaaaa-0000-4000-8000-000000000001 f', 'whoever entered it is known') from servers;
select pg_temp.move(shared, 'HTTPS://Host.example:443/tenant/mcp#there') from servers;
select is(pg_temp.used(shared), 'sealed by aaaaaaaa-0000-4000-8000-000000000001', 'another spelling of the address changes nothing')
from servers;
select is_empty('select pg_temp.told()', 'an edit that keeps the URL notifies nobody');
create temp table version on commit drop as select config_version from public.mcp_servers, servers where id = shared;
select pg_temp.move(shared, 'https://host.example/attacker/mcp') from servers;
select is(pg_temp.used(shared), null, 'at another path the key is not used') from servers;
select is(pg_temp.facts(shared), 't aaaaaaaa-0000-4000-8000-000000000001 t', 'but waits for whoever entered it') from servers;
select cmp_ok((select s.config_version from public.mcp_servers s, servers where s.id = shared), '>', config_version,
  'conversations and the monitor notice the change') from version;
select is((select private.probe_job(shared, 0) -> 'secret'), 'null'::jsonb, 'the monitor does not get it either') from servers;
select results_eq('select pg_temp.told()', $$ values ('credential_held key ada@pgtap.test') $$, 'the holder of a held credential is notified');
select is((select details from public.notices), jsonb_build_object('credential', 'key',
  'old_url', 'HTTPS://Host.example:443/tenant/mcp#there', 'new_url', 'https://host.example/attacker/mcp'
), 'the notice has both URLs');

-- Who may confirm.
select is(public.held_secret(shared, 'bbbbbbbb-0000-4000-8000-000000000002'), null, 'nobody else can confirm, an admin neither')
from servers;
select is(public.held_secret(shared, 'aaaaaaaa-0000-4000-8000-000000000001') ->> 'address', 'https://host.example/tenant/mcp',
  'the holder gets it with the address that it is sealed to') from servers;
create temp table held on commit drop as
select (public.held_secret(shared, 'aaaaaaaa-0000-4000-8000-000000000001') ->> 'id')::uuid as id from servers;
create function pg_temp.confirm(p_url text, p_actor uuid) returns void language sql as $$
  select public.confirm_secret(servers.shared, held.id, p_url, '{"ciphertext": "anew", "nonce": "n", "key_id": "k"}', p_actor)
  from servers, held
$$;
select throws_ok(
  $$ select pg_temp.confirm('https://host.example/attacker/mcp', 'bbbbbbbb-0000-4000-8000-000000000002') $$,
  'PT409', null, 'nobody else confirms the credential'
);
select throws_ok(
  $$ select pg_temp.confirm('https://host.example/other', 'aaaaaaaa-0000-4000-8000-000000000001') $$,
  'PT409', null, 'the credential is not confirmed for a URL that the server does not have'
);
select pg_temp.confirm('https://host.example/attacker/mcp', 'aaaaaaaa-0000-4000-8000-000000000001');
select is(pg_temp.used(shared), 'anew', 'confirmed by its holder it is used') from servers;
select is(pg_temp.facts(shared), 't aaaaaaaa-0000-4000-8000-000000000001 f', 'and waits no more') from servers;
select throws_ok(
  $$ select pg_temp.confirm('https://host.example/attacker/mcp', 'aaaaaaaa-0000-4000-8000-000000000001') $$,
  'PT409', null, 'once'
);
select pg_temp.move(shared, 'https://host.example/attacker/mcp?to=me') from servers;
select is(pg_temp.used(shared), null, 'another query is another address') from servers;
select pg_temp.move(shared, 'https://host.example/attacker/mcp') from servers;
select is(pg_temp.used(shared), 'anew', 'back at its address the key is used again') from servers;
select pg_temp.move(shared, 'https://host.example/third') from servers;
select pg_temp.put_key(shared, 'bbbbbbbb-0000-4000-8000-000000000002') from servers;
select is(pg_temp.facts(shared), 't bbbbbbbb-0000-4000-8000-000000000002 f', 'a key that is entered anew ends the waiting') from servers;
update public.mcp_servers s set url = 'https://host.example/by-hand' from servers where s.id = shared;
update public.mcp_server_secrets set address = 'https://host.example/elsewhere' where server_id = (select shared from servers);
select is(pg_temp.used(shared), null, 'a row that says another address is not used') from servers;

-- Keys of members.
delete from public.notices;
select pg_temp.put_key(own, u, u) from servers, unnest(array[
  'aaaaaaaa-0000-4000-8000-000000000001', 'bbbbbbbb-0000-4000-8000-000000000002', 'cccccccc-0000-4000-8000-000000000003'
]::uuid[]) as u;
select isnt(pg_temp.used(own, 'cccccccc-0000-4000-8000-000000000003'), null, 'a member has a key of their own') from servers;
select pg_temp.move(own, 'https://host.example/attacker/mcp') from servers;
select is((select count(*)::integer from public.mcp_server_secrets x, servers where x.server_id = own), 0,
  'another path deletes members'' keys');
select results_eq('select pg_temp.told()', $$ values
  ('credential_dropped key ada@pgtap.test'), ('credential_dropped key cyd@pgtap.test') $$,
  'members are notified that their keys were deleted, except the one who made the change');
select pg_temp.act_as('cccccccc-0000-4000-8000-000000000003');
select is((select count(*)::integer from public.notices), 1, 'members see their own notices only');
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select set_config('pgtap.token', public.create_api_token('77777777-0000-4000-8000-000000000007', 'CI', '{}') ->> 'id', true);
select set_config('request.jwt.claims', json_build_object(
  'sub', 'aaaaaaaa-0000-4000-8000-000000000001', 'role', 'api_token', 'token_id', current_setting('pgtap.token')
)::text, true), set_config('role', 'api_token', true);
select is((select count(*)::integer from public.notices), 0, 'an API token does not see notices for one member');
select pg_temp.as_system();

-- Sign-ins.
delete from public.notices;
select pg_temp.put_grant(u) from unnest(array[
  'aaaaaaaa-0000-4000-8000-000000000001', 'cccccccc-0000-4000-8000-000000000003'
]::uuid[]) as u;
select public.put_client(gen_random_uuid(), oauth, 'https://as.example', '{"ciphertext": "c", "nonce": "n", "key_id": "k"}') from servers;
select public.begin_sign_in(gen_random_uuid(), 'state', oauth, 'cccccccc-0000-4000-8000-000000000003',
  'https://host.example/tenant/mcp', '/', '{"ciphertext": "c", "nonce": "n", "key_id": "k"}', 60) from servers;
select pg_temp.move(oauth, 'https://host.example/attacker/mcp') from servers;
select is((
  select count(*)::integer from servers, lateral (
    select 1 from public.mcp_server_grants g where g.server_id = oauth
    union all select 1 from public.mcp_server_clients c where c.server_id = oauth
    union all select 1 from private.sign_in_flows f where f.server_id = oauth
  ) left_over
), 0, 'another path deletes grants, registrations and sign-ins in progress');
select results_eq('select pg_temp.told()', $$ values
  ('credential_dropped sign_in ada@pgtap.test'), ('credential_dropped sign_in cyd@pgtap.test') $$,
  'whoever signed in is notified that the grant was deleted');
select throws_ok(
  $$ select public.put_grant(gen_random_uuid(), oauth, '77777777-0000-4000-8000-000000000007',
    'https://host.example/tenant/mcp', 'cccccccc-0000-4000-8000-000000000003', 'https://as.example',
    '{"ciphertext": "c", "nonce": "n", "key_id": "k"}', null, 'cccccccc-0000-4000-8000-000000000003') from servers $$,
  'PT409', null, 'a sign-in for the path before is not stored'
);

-- The secret of a client.
update public.mcp_servers s set oauth_client_id = 'client' from servers where s.id = oauth;
select pg_temp.put_key(oauth, 'aaaaaaaa-0000-4000-8000-000000000001') from servers;
select is(public.read_client_secret(oauth) ->> 'issuer', null, 'a client secret is for no service before its first use') from servers;
create temp table client on commit drop as select (public.read_client_secret(oauth) ->> 'id')::uuid as id from servers;
select ok(public.bind_client_secret(id, 'https://as.example', '{"ciphertext": "b", "nonce": "n", "key_id": "k"}'),
  'the first use binds it') from client;
select ok(not public.bind_client_secret(id, 'https://evil.example', '{"ciphertext": "e", "nonce": "n", "key_id": "k"}'),
  'and no other does') from client;
select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000002');
update public.mcp_servers set oauth_client_id = 'another' where name = 'OAuth';
select pg_temp.as_system();
select is(pg_temp.facts(oauth), 'f f', 'another client id drops it') from servers;

-- Clients of the API.
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select throws_ok($$ update public.mcp_servers set credential_held_since = null $$, '42501', null, 'nobody ends the waiting by hand');
select * from finish();
rollback;
