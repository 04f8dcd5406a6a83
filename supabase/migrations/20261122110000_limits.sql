-- Limits: how much of each thing a workspace or a user may have, and how often the edge functions may be
-- called. One table, changed by the operator (SQL, or REST with the secret key); whoever runs into a limit is
-- told its name, what is allowed and what is used.

-- A row without workspace and user is the default; one with either holds for that workspace or user instead.
-- No row at all: no limit.
create table public.limits (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  workspace_id uuid references public.workspaces (id) on delete cascade,
  user_id uuid references auth.users (id) on delete cascade,
  allowed integer not null,
  constraint limits_name check (name in (
    'workspaces_per_user', 'members', 'open_invitations', 'api_tokens', 'servers', 'tools_per_server', 'agents',
    'sessions_per_day', 'sessions_per_day_per_user', 'probes_per_minute', 'probes_per_minute_per_user',
    'voice_tokens_per_minute', 'voice_tokens_per_minute_per_user', 'function_calls_per_minute',
    'function_calls_per_minute_per_user', 'token_calls_per_minute'
  )),
  constraint limits_allowed check (allowed >= 0),
  constraint limits_owner check (
    case when name like '%per_user' then workspace_id is null else user_id is null end
  ),
  constraint limits_unique unique nulls not distinct (name, workspace_id, user_id)
);

create index limits_workspace on public.limits (workspace_id);
create index limits_user on public.limits (user_id);

insert into public.limits (name, allowed) values
  ('workspaces_per_user', 50),
  ('members', 100),
  ('open_invitations', 100),
  ('api_tokens', 50),
  ('servers', 500),
  ('tools_per_server', 1000),
  ('agents', 100),
  ('sessions_per_day', 1000),
  ('sessions_per_day_per_user', 300),
  -- test-connection and discover-tools make requests to strangers.
  ('probes_per_minute', 300),
  ('probes_per_minute_per_user', 120),
  -- voice-token opens a conversation, which costs money.
  ('voice_tokens_per_minute', 100),
  ('voice_tokens_per_minute_per_user', 30),
  -- server-credential, call-tool, notice-webhook and voice-dispatch.
  ('function_calls_per_minute', 600),
  ('function_calls_per_minute_per_user', 240),
  -- All that one API token does, by REST and by function.
  ('token_calls_per_minute', 300);

revoke all on public.limits from anon, authenticated;
grant select, insert, update, delete on public.limits to service_role;
-- No policy: with row level security on, only the service role passes.
alter table public.limits enable row level security;

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

-- The one shape in which a limit is told: PT409, or PT429 for a rate; `details` is
-- {"limit", "allowed", "used"}, and "retry_after_s" where waiting that many seconds helps.
create function private.refuse_limit(
  p_limit text, p_allowed integer, p_used bigint, p_adding bigint default 1, p_retry_after_s integer default null
) returns void
language plpgsql set search_path = ''
as $$
begin
  raise exception using
    errcode = case when p_limit like '%\_per\_day%' or p_limit like '%\_per\_minute%' then 'PT429' else 'PT409' end,
    message = format('The limit of %s %s is reached: %s', p_allowed, replace(p_limit, '_', ' '), case
      when p_retry_after_s is not null then format('try again in %s seconds.', p_retry_after_s)
      when p_adding > 1 then format('there are %s, and %s more do not fit.', p_used, p_adding)
      else format('there are %s already.', p_used)
    end),
    detail = jsonb_strip_nulls(jsonb_build_object(
      'limit', p_limit, 'allowed', p_allowed, 'used', p_used, 'retry_after_s', p_retry_after_s
    ))::text,
    hint = 'Whoever runs this installation can allow more.';
end
$$;

-- Numbers ---------------------------------------------------------------------------------------

-- After each insert: counts what the owners of the new rows have now. Arguments: the limit, the column by which
-- is counted, and which rows count. The lock makes two inserts of one owner wait for each other.
create function private.keep_limit() returns trigger
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
  execute function private.keep_limit('workspaces_per_user', 'created_by', 'true');
create trigger limit_members after insert on public.workspace_members
  referencing new table as new_rows for each statement
  execute function private.keep_limit('members', 'workspace_id', 'true');
create trigger limit_invitations after insert on public.workspace_invitations
  referencing new table as new_rows for each statement
  execute function private.keep_limit(
    'open_invitations', 'workspace_id', 'accepted_at is null and expires_at > now()'
  );
create trigger limit_api_tokens after insert on public.api_tokens
  referencing new table as new_rows for each statement
  execute function private.keep_limit('api_tokens', 'workspace_id', 'revoked_at is null');
create trigger limit_servers after insert on public.mcp_servers
  referencing new table as new_rows for each statement
  execute function private.keep_limit('servers', 'workspace_id', 'true');
create trigger limit_tools after insert on public.mcp_tools
  referencing new table as new_rows for each statement
  execute function private.keep_limit('tools_per_server', 'server_id', 'true');
create trigger limit_agents after insert on public.agent_configs
  referencing new table as new_rows for each statement
  execute function private.keep_limit('agents', 'workspace_id', 'true');
create trigger limit_sessions after insert on public.voice_sessions
  referencing new table as new_rows for each statement
  execute function private.keep_limit('sessions_per_day', 'workspace_id', 'started_at > now() - interval ''1 day''');
create trigger limit_sessions_of_user after insert on public.voice_sessions
  referencing new table as new_rows for each statement
  execute function private.keep_limit(
    'sessions_per_day_per_user', 'user_id', 'started_at > now() - interval ''1 day'''
  );

-- A server that moves in counts like a new one. Runs after a_prepare_server, which holds the lock of the slugs.
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
create trigger f_limit_moved_server before update of workspace_id on public.mcp_servers
  for each row when (new.workspace_id <> old.workspace_id) execute function private.limit_moved_server();

-- What a workspace uses of its limits, for its members: limit, allowed (null: no limit), used.
create function public.workspace_usage(p_workspace_id uuid)
returns table ("limit" text, allowed integer, used bigint)
language sql stable security definer set search_path = ''
as $$
  select u.name, private.allowed(u.name, p_workspace_id, null), u.used
  from (
    select 'servers' as name, count(*) as used from public.mcp_servers where workspace_id = p_workspace_id
    union all
    select 'agents', count(*) from public.agent_configs where workspace_id = p_workspace_id
    union all
    select 'members', count(*) from public.workspace_members where workspace_id = p_workspace_id
    union all
    select 'open_invitations', count(*) from public.workspace_invitations
    where workspace_id = p_workspace_id and accepted_at is null and expires_at > now()
    union all
    select 'api_tokens', count(*) from public.api_tokens
    where workspace_id = p_workspace_id and revoked_at is null
    union all
    select 'sessions_per_day', count(*) from public.voice_sessions
    where workspace_id = p_workspace_id and started_at > now() - interval '1 day'
  ) u
  where p_workspace_id = any (private.my_workspace_ids())
$$;

-- Rates -----------------------------------------------------------------------------------------

-- A leaking bucket for each limit and owner: every call adds one, and `allowed` run out in a minute.
create table private.call_rates (
  limit_name text not null,
  workspace_id uuid references public.workspaces (id) on delete cascade,
  user_id uuid references auth.users (id) on delete cascade,
  token_id uuid references public.api_tokens (id) on delete cascade,
  level double precision not null,
  counted_at timestamptz not null,
  constraint call_rates_unique unique nulls not distinct (limit_name, workspace_id, user_id, token_id)
);
alter table private.call_rates enable row level security;
create index call_rates_workspace on private.call_rates (workspace_id);
create index call_rates_user on private.call_rates (user_id);
create index call_rates_token on private.call_rates (token_id);
create index call_rates_counted_at on private.call_rates (counted_at);
grant select, insert, update, delete on private.call_rates to service_role;

create function private.count_in_bucket(
  p_limit text, p_workspace_id uuid, p_user_id uuid, p_token_id uuid default null
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
  values (p_limit, p_workspace_id, p_user_id, p_token_id, 1, v_now)
  on conflict on constraint call_rates_unique do update set
    level = 1 + greatest(0, b.level - v_allowed / 60.0 * extract(epoch from v_now - b.counted_at)),
    counted_at = v_now
  returning level into v_level;
  -- Raising undoes what was just added: a call that is refused counts for nothing.
  if v_level > v_allowed then
    perform private.refuse_limit(
      p_limit, v_allowed, ceil(v_level - 1)::bigint, 1,
      case when v_allowed > 0 then ceil((v_level - v_allowed) * 60 / v_allowed)::integer end
    );
  end if;
end
$$;

-- Counts a call of an edge function before it does its work. p_action: probes, voice_tokens or function_calls;
-- p_workspace_id: null for what belongs to none (the test of a draft).
-- PT429: too many, of this user or in this workspace; the details tell after how many seconds to come back.
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

revoke all on function
  private.allowed(text, uuid, uuid), private.refuse_limit(text, integer, bigint, bigint, integer),
  private.keep_limit(), private.limit_moved_server(), private.count_in_bucket(text, uuid, uuid, uuid)
  from public;
revoke all on function public.count_call(text, uuid, uuid), public.workspace_usage(uuid)
  from public, anon, authenticated;
grant execute on function
  private.allowed(text, uuid, uuid), private.refuse_limit(text, integer, bigint, bigint, integer),
  private.count_in_bucket(text, uuid, uuid, uuid), public.count_call(text, uuid, uuid)
  to service_role;
grant execute on function public.workspace_usage(uuid) to authenticated;
