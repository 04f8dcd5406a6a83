-- A change or a deletion of thousands of rows ends early; what hangs on a row goes with it, however much that is.
begin;
select plan(7);

insert into auth.users (id, email) values ('aaaaaaaa-0000-4000-8000-000000000001', 'ada@pgtap.test');
update public.limits set allowed = 10000 where name in ('tools_per_server', 'writes_per_minute_per_user');
insert into public.mcp_servers (id, workspace_id, user_id, name, url)
select '11111111-0000-4000-8000-000000000001', id, created_by, 'Large', 'https://x.example'
from public.workspaces where is_personal and created_by = 'aaaaaaaa-0000-4000-8000-000000000001';
insert into public.mcp_tools (server_id, workspace_id, name, position, fingerprint, input_schema)
select s.id, s.workspace_id, 'tool-' || n, n, 'f', '{}' from public.mcp_servers s, generate_series(1, 6001) n
where s.name = 'Large';
select is_empty(
  $$
    select t.tgrelid::regclass from pg_trigger t
    where t.tgname = 'a_count_write' and not exists (
      select from pg_trigger s where s.tgrelid = t.tgrelid and s.tgname = 'a_stop_large_change'
    )
  $$, 'every table whose writes count has the limit'
);

select set_config(
  'request.jwt.claims', '{"sub": "aaaaaaaa-0000-4000-8000-000000000001", "role": "authenticated"}', true
);
set local role authenticated;
select throws_ok(
  $$ update public.mcp_tools set is_enabled = false $$, 'PT413',
  'A request can change or delete at most 6,000 rows. Narrow its filter.', 'a change of all rows ends early'
);
select lives_ok($$ update public.mcp_tools set is_enabled = false where position <= 1000 $$, 'a change of many rows succeeds');
select lives_ok($$ delete from public.mcp_servers where name = 'Large' $$, 'a server goes with all of its tools');
reset role;
select is(
  (select count(*) from public.mcp_tools where server_id = '11111111-0000-4000-8000-000000000001'), 0::bigint, 'a deletion of all tools by the system leaves none'
);

-- The system changes as much as it likes.
insert into public.mcp_servers (id, workspace_id, user_id, name, url)
select '11111111-0000-4000-8000-000000000002', id, created_by, 'Large', 'https://x.example'
from public.workspaces where is_personal and created_by = 'aaaaaaaa-0000-4000-8000-000000000001';
insert into public.mcp_tools (server_id, workspace_id, name, position, fingerprint, input_schema)
select s.id, s.workspace_id, 'tool-' || n, n, 'f', '{}' from public.mcp_servers s, generate_series(1, 6001) n
where s.name = 'Large';
set local role service_role;
select lives_ok($$ update public.mcp_tools set description = 'x' $$, 'the system changes as much as it likes');
select lives_ok($$ delete from public.mcp_tools $$, 'a deletion of as many rows as allowed succeeds');

select * from finish();
rollback;
