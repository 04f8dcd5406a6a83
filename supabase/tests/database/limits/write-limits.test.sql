-- Writes have a rate for each user, whichever way they come; imports end early when they are too large or too wrong.
begin;
\ir ../helpers.psql
select plan(27);

create function pg_temp.level() returns integer language sql security definer as $$
  select round(level)::integer from private.call_rates
  where limit_name = 'writes_per_minute_per_user' and user_id = current_setting('pgtap.ada')::uuid
$$;
create function pg_temp.forget() returns void language sql security definer as $$
  delete from private.call_rates where limit_name = 'writes_per_minute_per_user'
$$;

select set_config('pgtap.ada', 'aaaaaaaa-0000-4000-8000-000000000001', true),
  set_config('pgtap.bob', 'bbbbbbbb-0000-4000-8000-000000000002', true);
insert into auth.users (id, email) values
  (current_setting('pgtap.ada')::uuid, 'ada@pgtap.test'), (current_setting('pgtap.bob')::uuid, 'bob@pgtap.test');
insert into public.limits (name, user_id, allowed) values
  ('writes_per_minute_per_user', current_setting('pgtap.ada')::uuid, 20);
select set_config('pgtap.home', id::text, true) from public.workspaces
where is_personal and created_by = current_setting('pgtap.ada')::uuid;

-- The list of tables is complete.
select is_empty(
  $$
    select c.relname from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
      and exists (
        select from unnest(array['authenticated', 'api_token']) as r (name)
        where has_any_column_privilege(r.name, c.oid, 'insert') or has_any_column_privilege(r.name, c.oid, 'update')
          or has_table_privilege(r.name, c.oid, 'delete')
      )
      and not exists (select from pg_trigger t where t.tgrelid = c.oid and t.tgname = 'a_count_write')
  $$,
  'every table that clients may write counts: select private.limit_writes(''public.<table>'') in its migration'
);

-- Single writes
create function pg_temp.add_servers(p_from integer, p_to integer) returns text language sql as $$
  select pg_temp.refused(format(
    'insert into public.mcp_servers (name, url) select ''Server '' || n, ''https://x.example'' from generate_series(%s, %s) n',
    p_from, p_to
  ))
$$;
select pg_temp.act_as(current_setting('pgtap.ada')::uuid);
select is(pg_temp.add_servers(n, n), null, 'writes within the rate') from generate_series(1, 1) n;
select lives_ok($$ update public.mcp_servers set description = 'x' $$, 'a change within the limit succeeds');
select lives_ok($$ delete from public.mcp_servers $$, 'a deletion within the limit succeeds');
select is(pg_temp.level(), 3, 'three statements count as three writes');
select lives_ok($$ insert into public.workspaces (name) values ('Team') $$, 'creating a workspace within the limit succeeds');
select is(pg_temp.level(), 4, 'once, whatever its triggers write');
select lives_ok(
  $$ select public.create_invitation(id, 'member') from public.workspaces where name = 'Team' $$, 'calling a function that writes within the limit succeeds'
);
select is(pg_temp.level(), 5, 'each statement and each call counted as one write');
select is(pg_temp.add_servers(1, 41), null, 'a list within the limit succeeds');
select is(pg_temp.level(), 10, 'counts one for every ten rows more');
select matches(
  pg_temp.add_servers(100, 999),
  '^PT429 The limit of 20 writes per minute per user is reached: \d+ in use, 89 more requested\.',
  'one that never fits is told so, without a time'
) from (select pg_temp.forget()) f;
select is(pg_temp.add_servers(2000, 3001), 'PT413 A request can add at most 1,000 rows. Send fewer at a time.', 'a request with thousands of rows ends early');

-- Too many
select count(pg_temp.refused($$ update public.mcp_servers set description = 'y' where false $$)) from generate_series(1, 30);
select matches(
  pg_temp.refused($$ update public.mcp_servers set description = 'y' where false $$),
  '^PT429 The limit of 20 writes per minute per user is reached: try again in \d+ seconds\. '
    || '\{"used": 20, "limit": "writes_per_minute_per_user", "allowed": 20, "retry_after_s": \d+\}$',
  'too many writes are refused with the time to wait'
);
select matches(
  pg_temp.refused(format('select public.create_api_token(%L, ''x'')', current_setting('pgtap.home'))), '^PT429',
  'too many writes by functions are refused'
);
select matches(
  pg_temp.refused(format('select public.export_workspace(%L)', current_setting('pgtap.home'))), '^PT429',
  'too many exports are refused'
);
select pg_temp.act_as(current_setting('pgtap.ada')::uuid, 'api_token');
select matches(
  pg_temp.refused($$ insert into public.mcp_servers (name, url) values ('By token', 'https://x.example') $$), '^PT429',
  'too many writes with the user''s API tokens are refused'
);
select pg_temp.act_as(current_setting('pgtap.bob')::uuid);
select is(pg_temp.add_servers(1, 1), null, 'other users can still write');
select pg_temp.act_as(current_setting('pgtap.ada')::uuid, 'service_role');
select is(
  pg_temp.refused($$ update public.mcp_servers set description = 'z' $$), null,
  'writes of the system, also on behalf of the user, are not counted'
);

-- What hangs on a row goes with it.
reset role;
select pg_temp.forget();
update public.limits set allowed = 500 where name = 'writes_per_minute_per_user' and user_id is not null;
select pg_temp.act_as(current_setting('pgtap.ada')::uuid);
select pg_temp.refused(format(
  'insert into public.mcp_servers (workspace_id, name, url)
   select id, ''Server '' || n, ''https://x.example'' from public.workspaces, generate_series(1, 300) n where name = ''Team'''
));
select pg_temp.forget();
select lives_ok($$ delete from public.workspaces where name = 'Team' $$, 'a workspace of 300 servers is deleted');
select is(pg_temp.level(), 1, 'a cascade counts as one write');
reset role;
update public.limits set allowed = 20 where name = 'writes_per_minute_per_user' and user_id is not null;
select pg_temp.forget();

-- Imports
select pg_temp.act_as(current_setting('pgtap.ada')::uuid);
create function pg_temp.import(p_servers text, p_dry_run boolean) returns text language sql as $$
  select pg_temp.refused(format(
    'select public.import_workspace(%L, (
       select jsonb_build_object(''format'', ''patchbay.workspace'', ''version'', 1, ''servers'', %s, ''agents'', ''[]''::jsonb)
     ), ''merge'', %L)',
    current_setting('pgtap.home'), p_servers, p_dry_run
  ))
$$;
create function pg_temp.list(p_count integer, p_url text) returns text language sql as $$
  select format(
    '(select jsonb_agg(jsonb_build_object(''name'', ''Imported '' || n, ''url'', %L)) from generate_series(1, %s) n)',
    p_url, p_count
  )
$$;
select is(
  pg_temp.import(pg_temp.list(100000, 'nonsense'), true),
  'PT400 Some fields are invalid. {"servers": [{"code": "too_many", "message": "The document has 100000 servers, '
    || 'but a workspace can have at most 500."}]}',
  'a document with more servers than a workspace may have is refused before anything of it is read'
);
select ok(
  (
    select count(*) = 101 and bool_or(key = 'servers' and value #>> '{0,message}' like 'The import stopped after 100%')
    from jsonb_each(substring(pg_temp.import(pg_temp.list(499, 'nonsense'), false) from '{.*')::jsonb)
  ),
  'an import with many errors stops after 100'
);
select pg_temp.forget();
select is(pg_temp.import(pg_temp.list(150, 'https://x.example'), true), null, 'a dry run within the limit succeeds');
select is(pg_temp.level(), 2, 'counts one for every hundred of what it takes');
select pg_temp.forget();
select is(pg_temp.import(pg_temp.list(150, 'https://x.example'), false), null, 'an import counts as writes');
select is(pg_temp.level(), 2, 'the single writes of an import are not counted again');

select * from finish();
rollback;
