-- Limits: how much of each thing a workspace or a user may have, how often they may write or call the edge functions,
-- and how many requests one host gets. The operator changes them in one table (SQL, or REST with the secret key).

-- A row without workspace and user is the default; a row with either one overrides it. No row at all means no limit.
-- Triggers, in firing order:
--   after row: audit
create table public.limits (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  workspace_id uuid references public.workspaces (id) on delete cascade,
  user_id uuid references auth.users (id) on delete cascade,
  allowed integer not null,
  constraint limits_name check (name in (
    'workspaces_per_user', 'members', 'open_invitations', 'api_tokens', 'servers', 'servers_per_user',
    'tools_per_server', 'tool_settings_per_server', 'agents',
    'sessions_per_day', 'sessions_per_day_per_user', 'sessions_at_once', 'sessions_at_once_per_user',
    'session_minutes', 'session_idle_minutes', 'workspaces_per_day_per_user', 'servers_per_day_per_user',
    'invitations_per_day_per_user', 'api_tokens_per_day_per_user',
    'probes_per_minute', 'probes_per_minute_per_user', 'voice_tokens_per_minute', 'voice_tokens_per_minute_per_user',
    'function_calls_per_minute', 'function_calls_per_minute_per_user', 'token_calls_per_minute',
    'writes_per_minute_per_user', 'host_requests_per_minute', 'host_requests_at_once'
  )),
  constraint limits_allowed check (allowed >= 0),
  constraint limits_owner check (
    case when name like '%per_user' then workspace_id is null else user_id is null end
  ),
  constraint limits_unique unique nulls not distinct (name, workspace_id, user_id)
);
create index limits_workspace on public.limits (workspace_id);
create index limits_user on public.limits (user_id);

alter table public.limits enable row level security;
revoke all on public.limits from anon, authenticated;
grant select, insert, update, delete on public.limits to service_role;

-- A leaking bucket per limit and owner: each call adds one, and `allowed` leak out per minute.
create table private.call_rates (
  limit_name text not null,
  workspace_id uuid references public.workspaces (id) on delete cascade,
  user_id uuid references auth.users (id) on delete cascade,
  token_id uuid references public.api_tokens (id) on delete cascade,
  level double precision not null,
  counted_at timestamptz not null,
  constraint call_rates_unique unique nulls not distinct (limit_name, workspace_id, user_id, token_id)
);
create index call_rates_workspace on private.call_rates (workspace_id);
create index call_rates_user on private.call_rates (user_id);
create index call_rates_token on private.call_rates (token_id);
create index call_rates_counted_at on private.call_rates (counted_at);

alter table private.call_rates enable row level security;
grant select, insert, update, delete on private.call_rates to service_role;

-- Uses of the daily limits, by user or workspace. Deleting a conversation or leaving a workspace does not reduce a
-- count; deleting a workspace does not reduce its users' counts.
create table private.uses (
  limit_name text not null,
  workspace_id uuid references public.workspaces (id) on delete cascade,
  user_id uuid references auth.users (id) on delete cascade,
  used_at timestamptz not null,
  constraint uses_owner check (num_nonnulls(workspace_id, user_id) = 1)
);
create index uses_by_workspace on private.uses (workspace_id, limit_name, used_at);
create index uses_by_user on private.uses (user_id, limit_name, used_at);
create index uses_by_time on private.uses (used_at);

alter table private.uses enable row level security;
grant select, insert, update, delete on private.uses to service_role;

-- Requests to a host (stored as a hash): one row in total and one per owner. The allowance is shared by all tenants,
-- so nobody can use many servers to attack one host, or use up the allowance of a host that others need.
create table private.host_requests (
  host bigint not null,
  -- Null: the total of all owners.
  owner_id uuid,
  -- Minutes start at a different second for each host.
  minute bigint not null,
  requests integer not null,
  constraint host_requests_unique unique nulls not distinct (host, owner_id)
);
create index host_requests_minute on private.host_requests (minute);

alter table private.host_requests enable row level security;
grant select, insert, update, delete on private.host_requests to service_role;

insert into public.limits (name, allowed) values
  ('workspaces_per_user', 50),
  ('members', 100),
  ('open_invitations', 100),
  ('api_tokens', 50),
  ('servers', 500),
  ('servers_per_user', 1000),
  ('tools_per_server', 1000),
  ('agents', 100),
  ('sessions_per_day', 1000),
  ('sessions_per_day_per_user', 300),
  ('sessions_at_once', 50),
  ('sessions_at_once_per_user', 5),
  -- A conversation ends after so long, or when nobody spoke or typed and no tool ran for so long.
  ('session_minutes', 120),
  ('session_idle_minutes', 10),
  -- New workspaces and tokens get new rates, and new servers are probed at once, so creating them is limited too.
  ('workspaces_per_day_per_user', 100),
  ('servers_per_day_per_user', 2000),
  ('invitations_per_day_per_user', 200),
  ('api_tokens_per_day_per_user', 100),
  -- test-connection and discover-tools send requests to third parties.
  ('probes_per_minute', 300),
  ('probes_per_minute_per_user', 120),
  -- voice-token starts a conversation, which costs money.
  ('voice_tokens_per_minute', 100),
  ('voice_tokens_per_minute_per_user', 30),
  -- server-credential, call-tool, notice-webhook and voice-dispatch.
  ('function_calls_per_minute', 600),
  ('function_calls_per_minute_per_user', 240),
  -- All requests with one API token.
  ('token_calls_per_minute', 300),
  -- A statement counts one, plus one for every ten rows after the first.
  ('writes_per_minute_per_user', 600),
  ('host_requests_per_minute', 600),
  -- Per process.
  ('host_requests_at_once', 20);

create function private.allowed(p_limit text, p_workspace_id uuid, p_user_id uuid) returns integer
language sql stable set search_path = ''
as $$
  select l.allowed from public.limits l
  where l.name = p_limit
    and (l.workspace_id = p_workspace_id or l.user_id = p_user_id
      or (l.workspace_id is null and l.user_id is null))
  order by l.workspace_id is null and l.user_id is null
  limit 1
$$;

-- Raises PT409, or PT429 for a rate. The message says what the limit is, what is used and what to do; `details` is
-- {"limit", "allowed", "used"}, plus "retry_after_s" where waiting helps.
create function private.refuse_limit(
  p_limit text, p_allowed integer, p_used bigint, p_adding bigint default 1, p_retry_after_s integer default null
) returns void
language plpgsql set search_path = ''
as $$
begin
  raise exception using
    errcode = case when p_limit like '%\_per\_day%' or p_limit like '%\_per\_minute%' then 'PT429' else 'PT409' end,
    message = format(
      'The limit of %s %s is reached: %s',
      p_allowed,
      case p_limit when 'servers_per_user' then 'servers in all workspaces of one owner'
        else replace(replace(p_limit, '_', ' '), 'sessions', 'conversations') end,
      case
        when p_retry_after_s >= 7200 then format('try again in %s hours.', ceil(p_retry_after_s / 3600.0))
        when p_retry_after_s >= 120 then format('try again in %s minutes.', ceil(p_retry_after_s / 60.0))
        when p_retry_after_s is not null then format('try again in %s seconds.', p_retry_after_s)
        when p_adding > 1 then format('%s in use, %s more requested.', p_used, p_adding)
        when p_limit like 'sessions\_at\_once%' then
          format('%s in use. End one of them first; History lists them.', p_used)
        else format('%s in use.', p_used)
      end
    ),
    detail = jsonb_strip_nulls(jsonb_build_object(
      'limit', p_limit, 'allowed', p_allowed, 'used', p_used, 'retry_after_s', p_retry_after_s
    ))::text,
    hint = 'The operator of this installation can raise the limit.';
end
$$;

-- Counts what the owners of the inserted rows have now. Arguments: the limit, the owner's column, and which rows
-- count. The lock serializes inserts of one owner.
create function private.enforce_limit() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  v_limit text := tg_argv[0];
  v_is_per_user boolean := tg_argv[0] like '%per\_user';
  v_new record;
  v_total bigint;
  v_allowed integer;
begin
  for v_new in execute format(
    'select n.%1$I as owner, count(*) as adding, %2$s as workspace_id from new_rows n
     where n.%1$I is not null group by 1 order by 1',
    tg_argv[1], case when v_is_per_user then 'null::uuid' else '(array_agg(n.workspace_id))[1]' end
  ) loop
    perform pg_advisory_xact_lock(hashtextextended('patchbay.limit:' || v_limit || ':' || v_new.owner, 0));
    execute format(
      'select count(*) from %I.%I where %I = $1 and (%s)', tg_table_schema, tg_table_name, tg_argv[1], tg_argv[2]
    ) into v_total using v_new.owner;
    v_allowed := private.allowed(
      v_limit, v_new.workspace_id, case when v_is_per_user then v_new.owner end
    );
    if v_total > v_allowed then
      perform private.refuse_limit(v_limit, v_allowed, greatest(0, v_total - v_new.adding), v_new.adding);
    end if;
  end loop;
  return null;
end
$$;
create trigger limit_workspaces after insert on public.workspaces
  referencing new table as new_rows for each statement
  execute function private.enforce_limit('workspaces_per_user', 'created_by', 'true');
create trigger limit_members after insert on public.workspace_members
  referencing new table as new_rows for each statement
  execute function private.enforce_limit('members', 'workspace_id', 'true');
create trigger limit_api_tokens after insert on public.api_tokens
  referencing new table as new_rows for each statement
  execute function private.enforce_limit('api_tokens', 'workspace_id', 'revoked_at is null');

create function private.uses_today(p_limit text, p_owner_id uuid) returns setof private.uses
language sql stable set search_path = ''
as $$
  select * from private.uses u
  where (u.workspace_id = p_owner_id or u.user_id = p_owner_id) and u.limit_name = p_limit
    and u.used_at > now() - interval '1 day'
$$;

-- Counts p_adding uses of a user or workspace. The lock serializes uses of one owner. PT429: too many in 24 hours;
-- `retry_after_s` is when enough of them are a day old.
create function private.count_use(p_limit text, p_owner_id uuid, p_adding bigint) returns void
language plpgsql set search_path = ''
as $$
declare
  v_is_per_user boolean := p_limit like '%per\_user';
  v_allowed integer := private.allowed(
    p_limit, case when not v_is_per_user then p_owner_id end, case when v_is_per_user then p_owner_id end
  );
  v_used bigint;
  v_free_at timestamptz;
begin
  perform pg_advisory_xact_lock(hashtextextended('patchbay.limit:' || p_limit || ':' || p_owner_id, 0));
  v_used := (select count(*) from private.uses_today(p_limit, p_owner_id));
  if v_used + p_adding > v_allowed then
    if p_adding <= v_allowed then
      select u.used_at + interval '1 day' into v_free_at from private.uses_today(p_limit, p_owner_id) u
      order by u.used_at offset v_used + p_adding - v_allowed - 1 limit 1;
    end if;
    perform private.refuse_limit(
      p_limit, v_allowed, v_used, p_adding, greatest(1, ceil(extract(epoch from v_free_at - now())))::integer
    );
  end if;
  insert into private.uses (limit_name, workspace_id, user_id, used_at)
  select
    p_limit, case when not v_is_per_user then p_owner_id end, case when v_is_per_user then p_owner_id end, now()
  from generate_series(1, p_adding);
end
$$;

-- Counts the inserted rows as uses. Arguments: the limit and the owner's column.
create function private.count_uses() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  v_new record;
begin
  for v_new in execute format(
    'select n.%1$I as owner, count(*) as adding from new_rows n where n.%1$I is not null group by 1 order by 1',
    tg_argv[1]
  ) loop
    perform private.count_use(tg_argv[0], v_new.owner, v_new.adding);
  end loop;
  return null;
end
$$;
create trigger count_workspaces after insert on public.workspaces
  referencing new table as new_rows for each statement
  execute function private.count_uses('workspaces_per_day_per_user', 'created_by');
create trigger count_api_tokens after insert on public.api_tokens
  referencing new table as new_rows for each statement
  execute function private.count_uses('api_tokens_per_day_per_user', 'created_by');

-- A server that moves into a workspace counts as a new one. Runs after a_prepare_server, which holds the lock on
-- slugs.
create function private.limit_moved_server() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  v_used bigint := (select count(*) from public.mcp_servers where workspace_id = new.workspace_id);
  v_allowed integer := private.allowed('servers', new.workspace_id, null);
begin
  if v_used >= v_allowed then
    perform private.refuse_limit('servers', v_allowed, v_used);
  end if;
  return new;
end
$$;

-- Adds p_cost calls to the bucket of a limit. PT429 when it overflows, without `retry_after_s` when p_cost alone is
-- more than a minute allows.
create function private.count_in_bucket(
  p_limit text, p_workspace_id uuid, p_user_id uuid, p_token_id uuid default null, p_cost bigint default 1
) returns void
language plpgsql set search_path = ''
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_allowed integer := private.allowed(p_limit, p_workspace_id, p_user_id);
  v_level double precision;
begin
  if v_allowed is null then
    return;
  end if;
  insert into private.call_rates as b (limit_name, workspace_id, user_id, token_id, level, counted_at)
  values (p_limit, p_workspace_id, p_user_id, p_token_id, p_cost, v_now)
  on conflict on constraint call_rates_unique do update set
    level = p_cost + greatest(0, b.level - v_allowed / 60.0 * extract(epoch from v_now - b.counted_at)),
    counted_at = v_now
  returning level into v_level;
  -- Raising undoes the count: refused calls are free.
  if v_level > v_allowed then
    perform private.refuse_limit(
      p_limit, v_allowed, ceil(v_level - p_cost)::bigint, p_cost,
      case when p_cost <= v_allowed then ceil((v_level - v_allowed) * 60 / v_allowed)::integer end
    );
  end if;
end
$$;

-- Counts a call of an edge function before it does its work. p_action: probes, voice_tokens or function_calls.
-- p_workspace_id: null when the call belongs to no workspace (the test of a draft). PT429: too many calls by this
-- user or in this workspace; `details` says how many seconds to wait.
create function public.count_call(p_action text, p_user_id uuid, p_workspace_id uuid default null) returns void
language plpgsql set search_path = ''
as $$
begin
  perform private.count_in_bucket(p_action || '_per_minute_per_user', null, p_user_id);
  if p_workspace_id is not null then
    perform private.count_in_bucket(p_action || '_per_minute', p_workspace_id, null);
  end if;
end
$$;

-- Counts requests to a host before they are made. p_hosts: the host name and each address that it resolves to
-- (`name:…`, `address:…`), of which the first 16 addresses count. An address may serve many sites, so it is allowed
-- twice as much. An owner may make as many requests as it leaves free for others
-- (shared/src/engine/outgoing/fair-slots.ts): one owner half of the limit, two owners a third each. The requests are
-- charged to an owner of the workspace, or without one to the user. Returns {"wait_s", "at_once"}; when wait_s is not
-- 0, nothing was counted, and the caller should retry after that many seconds.
create function public.count_host_requests(
  p_hosts text[], p_requests integer, p_workspace_id uuid default null, p_user_id uuid default null
) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_allowed integer := private.allowed('host_requests_per_minute', null, null);
  v_owner_id uuid := coalesce(private.owner_of(p_workspace_id), p_user_id);
  v_now double precision := extract(epoch from clock_timestamp());
  v_at_once integer := private.allowed('host_requests_at_once', null, null);
  v_host record;
  v_wait integer := 0;
begin
  for v_host in
    select hashtextextended(name, 0) as id, min(case when name like 'address:%' then 2 else 1 end) as times
    from unnest(p_hosts[:17]) as name group by 1 order by 1
  loop
    -- Lock in a fixed order to avoid deadlocks.
    perform pg_advisory_xact_lock(v_host.id);
    if v_allowed is not null and (
      select coalesce(sum(r.requests), 0) + p_requests > v_allowed * v_host.times from private.host_requests r
      where r.host = v_host.id and (r.owner_id is null or r.owner_id = v_owner_id)
        and r.minute = floor((v_now + abs(v_host.id % 60)) / 60)
    ) then
      v_wait := greatest(v_wait, ceil(60 - (v_now + abs(v_host.id % 60))::numeric % 60)::integer);
    end if;
  end loop;
  if v_wait = 0 then
    insert into private.host_requests as r (host, owner_id, minute, requests)
    select hosts.id, owner_id, floor((v_now + abs(hosts.id % 60)) / 60), p_requests
    from (select distinct hashtextextended(name, 0) as id from unnest(p_hosts[:17]) as name) hosts,
      unnest(array[null, v_owner_id]) as owner_id
    on conflict on constraint host_requests_unique do update set
      requests = case when r.minute = excluded.minute then r.requests else 0 end + excluded.requests,
      minute = excluded.minute;
    delete from private.host_requests where ctid in (
      select ctid from private.host_requests where minute < floor(v_now / 60) - 1 limit 50 for update skip locked
    );
  end if;
  return jsonb_build_object('wait_s', v_wait, 'at_once', v_at_once);
end
$$;

-- Counts writes of the signed-in user of this request. A user's writes wait for each other for at most two seconds,
-- so a slow one can't hold all connections.
create function private.count_writes(p_cost bigint) returns void
language plpgsql security definer set search_path = '' set lock_timeout = '2s'
as $$
begin
  if auth.uid() is null or coalesce(current_setting('role', true), '') not in ('authenticated', 'api_token')
    or coalesce(current_setting('patchbay.writes_counted', true), '') = 'on'
  then
    return;
  end if;
  perform private.count_in_bucket('writes_per_minute_per_user', null, auth.uid(), null, p_cost);
exception
  when lock_not_available or deadlock_detected then
    raise exception using
      errcode = 'PT429', message = 'Another of your changes is still being saved. Try again in a few seconds.',
      detail = '{"limit": "writes_per_minute_per_user", "retry_after_s": 3}';
  when foreign_key_violation then
    -- The account was deleted.
    null;
end
$$;

-- Runs before each statement, so that the request takes this lock first. Writes made by triggers are not counted.
create function private.count_write() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if pg_trigger_depth() = 1 then
    perform private.count_writes(1);
    perform set_config('patchbay.written_table', tg_relid::text, true);
  end if;
  return null;
end
$$;

-- Runs after each statement. Triggers of cascades fire at the end of the statement that caused them, at the same
-- depth, so the table is compared as well.
create function private.count_written_rows() returns trigger
language plpgsql set search_path = ''
as $$
declare
  v_more bigint;
begin
  if pg_trigger_depth() = 1 and current_setting('patchbay.written_table', true) = tg_relid::text then
    v_more := ((select count(*) from written_rows) - 1) / 10;
    if v_more > 0 then
      perform private.count_writes(v_more);
    end if;
  end if;
  return null;
end
$$;

-- Stops a very large insert early, before all its rows are checked.
create function private.stop_large_insert() returns trigger
language plpgsql set search_path = ''
as $$
declare
  v_rows integer := coalesce(nullif(current_setting('patchbay.rows_inserted', true), ''), '0')::integer + 1;
begin
  if pg_trigger_depth() = 1 and current_setting('role', true) in ('authenticated', 'api_token')
    and coalesce(current_setting('patchbay.writes_counted', true), '') <> 'on'
  then
    if v_rows > 1000 then
      raise exception using
        errcode = 'PT413', message = 'A request can add at most 1,000 rows. Send fewer at a time.';
    end if;
    perform set_config('patchbay.rows_inserted', v_rows::text, true);
  end if;
  return new;
end
$$;

-- Stops a very large update or delete early. A refused statement counts for nothing, so it could otherwise be
-- repeated without limit.
create function private.stop_large_change() returns trigger
language plpgsql set search_path = ''
as $$
declare
  v_rows integer := coalesce(nullif(current_setting('patchbay.rows_changed', true), ''), '0')::integer + 1;
begin
  -- Changes by triggers and cascades don't count.
  if pg_trigger_depth() = 1 and current_setting('role', true) in ('authenticated', 'api_token')
    and coalesce(current_setting('patchbay.writes_counted', true), '') <> 'on'
  then
    if v_rows > 6000 then
      raise exception using
        errcode = 'PT413', message = 'A request can change or delete at most 6,000 rows. Narrow its filter.';
    end if;
    perform set_config('patchbay.rows_changed', v_rows::text, true);
  end if;
  return case when tg_op = 'DELETE' then old else new end;
end
$$;

-- Counts the writes to a table. Every table that clients write, directly or through a function, must call this.
create function private.limit_writes(p_table regclass) returns void
language plpgsql set search_path = ''
as $$
begin
  execute format(
    'create trigger a_count_write before insert or update or delete on %1$s
       for each statement execute function private.count_write();
     create trigger a_stop_large_insert before insert on %1$s
       for each row execute function private.stop_large_insert();
     create trigger a_stop_large_change before update or delete on %1$s
       for each row execute function private.stop_large_change();
     create trigger count_inserted_rows after insert on %1$s referencing new table as written_rows
       for each statement execute function private.count_written_rows();
     create trigger count_updated_rows after update on %1$s referencing new table as written_rows
       for each statement execute function private.count_written_rows();
     create trigger count_deleted_rows after delete on %1$s referencing old table as written_rows
       for each statement execute function private.count_written_rows();',
    p_table
  );
end
$$;

select private.limit_writes('public.workspaces');
select private.limit_writes('public.workspace_members');
select private.limit_writes('public.api_tokens');

revoke all on all functions in schema private from public;
revoke all on function public.count_call, public.count_host_requests from public, anon, authenticated;
grant execute on function
  private.allowed, private.refuse_limit, private.count_in_bucket, public.count_call, public.count_host_requests
  to service_role;
grant execute on function private.count_writes to authenticated, api_token, service_role;
