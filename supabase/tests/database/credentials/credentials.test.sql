-- Credentials: never readable by a client, and gone as soon as they might reach another host.
begin;
\ir ../helpers.psql
select plan(25);

insert into auth.users (id, email) values
  ('aaaaaaaa-0000-4000-8000-000000000001', 'ada@pgtap.test'),
  ('bbbbbbbb-0000-4000-8000-000000000002', 'bob@pgtap.test'),
  ('cccccccc-0000-4000-8000-000000000003', 'cyd@pgtap.test'),
  ('dddddddd-0000-4000-8000-000000000004', 'dee@pgtap.test');

select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
insert into public.mcp_servers (name, url, auth_method) values ('Notes', 'https://notes.example/mcp', 'api_key');
select set_config('pgtap.server', id::text, true) from public.mcp_servers;

select throws_ok('select * from public.mcp_server_secrets', '42501', null, 'a user cannot read secrets');
select throws_ok(
  $$ insert into public.mcp_server_secrets (server_id, ciphertext, nonce, key_id)
    values (current_setting('pgtap.server')::uuid, 'c', 'n', 'k') $$,
  '42501', null, 'a user cannot write credentials past the function that seals them'
);
select throws_ok('delete from public.mcp_server_secrets', '42501', null, 'a user cannot delete credentials');
select throws_ok(
  $$ select public.put_server_secret(s.id, s.workspace_id, s.url, s.auth_method, 'c', 'n', 'k')
  from public.mcp_servers s where s.id = current_setting('pgtap.server')::uuid $$,
  '42501', null, 'a user cannot call the function that stores credentials'
);
select throws_ok(
  $$ select public.drop_server_secret(current_setting('pgtap.server')::uuid) $$,
  '42501', null, 'a user cannot call the function that deletes credentials'
);
select throws_ok(
  $$ select public.server_for_probe(current_setting('pgtap.server')::uuid, null) $$,
  '42501', null, 'a user cannot call the function that returns credentials for a probe'
);
select throws_ok(
  $$ select private.server_target(current_setting('pgtap.server')::uuid, null) $$,
  '42501', null, 'a user cannot call the private function that returns credentials'
);
reset role;
set local role anon;
select throws_ok('select * from public.mcp_server_secrets', '42501', null, 'anonymous callers are refused as well');
reset role;

create function pg_temp.give_key() returns void language plpgsql as $$
begin
  perform set_config('role', 'service_role', true);
  perform public.put_server_secret(s.id, s.workspace_id, s.url, s.auth_method, 'sealed', 'nonce', 'key-1')
  from public.mcp_servers s where s.id = current_setting('pgtap.server')::uuid;
end
$$;
create function pg_temp.facts() returns text language sql security definer as $$
  select s.has_credential || ' v' || s.config_version || ' '
    || (select count(*) from public.mcp_server_secrets x where x.server_id = s.id)
  from public.mcp_servers s where s.id = current_setting('pgtap.server')::uuid
$$;

select pg_temp.give_key();
select is(pg_temp.facts(), 'true v2 1', 'storing a key raises the version, so that connections take it up');
select is(
  public.server_for_probe(current_setting('pgtap.server')::uuid, null) -> 'secret',
  '{"key_id": "key-1", "nonce": "nonce", "ciphertext": "sealed"}', 'the system gets it sealed'
);
select pg_temp.give_key();
select is(pg_temp.facts(), 'true v3 1', 'a new key replaces the old one');
create function pg_temp.put_for(p_url text, p_auth_method text, p_workspace_id uuid) returns text
language plpgsql as $$
declare
  v_detail text;
begin
  perform public.put_server_secret(
    current_setting('pgtap.server')::uuid,
    coalesce(p_workspace_id, (select workspace_id from public.mcp_servers where id = current_setting('pgtap.server')::uuid)),
    p_url, p_auth_method, 'of-another', 'nonce', 'key-1'
  );
  return 'stored';
exception when sqlstate 'PT409' then
  get stacked diagnostics v_detail = pg_exception_detail;
  return v_detail::jsonb ->> 'code';
end
$$;
select results_eq(
  $$ values
    (pg_temp.put_for('https://evil.example/mcp', 'api_key', null)),
    (pg_temp.put_for('http://notes.example/mcp', 'api_key', null)),
    (pg_temp.put_for('https://notes.example/mcp', 'bearer_token', null)),
    (pg_temp.put_for('https://notes.example/mcp', 'api_key', gen_random_uuid())),
    (pg_temp.put_for(null, null, null)) $$,
  array_fill('server_changed'::text, array[5]),
  'a key that was sealed for another origin, authentication or workspace is refused'
);
select is(
  public.server_for_probe(current_setting('pgtap.server')::uuid, null) -> 'secret' ->> 'ciphertext', 'sealed',
  'a refused credential leaves the stored one as it is'
);

select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select is((select has_credential from public.mcp_servers), true, 'the user learns that one is set');
update public.mcp_servers set url = 'https://notes.example/v2', name = 'Notes 2', auth_header = 'X-Key';
select is(pg_temp.facts(), 'true v4 1', 'the credential stays while the origin stays');

update public.mcp_servers set url = 'https://notes.example:8443/v2';
select is(pg_temp.facts(), 'false v5 0', 'another port is another origin, which deletes the key');
select pg_temp.give_key();
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
update public.mcp_servers set url = 'https://evil.example/v2';
select is(pg_temp.facts(), 'false v7 0', 'another host deletes the key');
select pg_temp.give_key();
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
update public.mcp_servers set url = 'http://evil.example/v2';
select is(pg_temp.facts(), 'false v9 0', 'another scheme deletes the key, which would be sent in the clear');
select pg_temp.give_key();
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
update public.mcp_servers set auth_method = 'bearer_token';
select is(pg_temp.facts(), 'false v11 0', 'another authentication method deletes the key');
select pg_temp.give_key();
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
insert into public.workspaces (name) values ('Team');
update public.mcp_servers set workspace_id = (select id from public.workspaces where name = 'Team');
select is(pg_temp.facts(), 'false v13 0', 'a move deletes the key, which is sealed for its workspace');

select pg_temp.give_key();
select public.drop_server_secret(current_setting('pgtap.server')::uuid);
select is(pg_temp.facts(), 'false v15 0', 'removing the key raises the version');
select public.drop_server_secret(current_setting('pgtap.server')::uuid);
select is(pg_temp.facts(), 'false v15 0', 'deleting a credential that is not set keeps the config version');

select throws_ok(
  $$ select public.put_server_secret('99999999-0000-4000-8000-000000000009', s.workspace_id, s.url, s.auth_method, 'c', 'n', 'k')
  from public.mcp_servers s where s.id = current_setting('pgtap.server')::uuid $$,
  'PT404', null, 'a server that is gone takes no key'
);
update public.mcp_servers set auth_method = 'none' where id = current_setting('pgtap.server')::uuid;
select throws_ok(
  $$ select public.put_server_secret(s.id, s.workspace_id, s.url, s.auth_method, 'c', 'n', 'k')
  from public.mcp_servers s where s.id = current_setting('pgtap.server')::uuid $$,
  'PT409', null, 'a server without authentication takes no credential'
);
update public.mcp_servers set auth_method = 'api_key' where id = current_setting('pgtap.server')::uuid;
select pg_temp.give_key();
delete from public.mcp_servers where id = current_setting('pgtap.server')::uuid;
select is(
  (select count(*) from public.mcp_server_secrets where server_id = current_setting('pgtap.server')::uuid),
  0::bigint, 'a deleted server leaves no secret behind'
);

select * from finish();
rollback;
