-- For operators: retention of history, usage, the state that `npm run doctor` checks, and metrics.

-- Rows are deleted when their time is older than `keep` and the condition holds. A domain with history of its own
-- adds a row. Health data has its own function, prune_health, which the monitor runs.
create table private.retention (
  table_name text primary key,
  time_column text not null,
  keep interval not null,
  condition text not null default 'true'
);

alter table private.retention enable row level security;
grant select, insert, update, delete on private.retention to service_role;

insert into private.retention (table_name, time_column, keep) values
  ('public.tool_calls', 'started_at', '90 days'),
  ('public.voice_sessions', 'ended_at', '90 days'),
  ('public.audit_events', 'created_at', '1 year'),
  ('public.api_tokens', 'revoked_at', '30 days'),
  ('public.workspace_invitations', 'expires_at', '30 days'),
  ('private.call_rates', 'counted_at', '1 day'),
  ('private.workers', 'seen_at', '1 day'),
  ('private.uses', 'used_at', '1 day');

-- Ends lost conversations and deletes old rows. Returns the number of rows by table.
create function private.prune_history() returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  v_rule private.retention;
  v_rows integer;
  v_answer jsonb := jsonb_build_object(
    'lost sessions', private.end_lost_sessions(), 'health', public.prune_health()
  );
begin
  for v_rule in select * from private.retention order by table_name loop
    execute format(
      'delete from %s where %I < now() - $1 and (%s)',
      v_rule.table_name::regclass, v_rule.time_column, v_rule.condition
    ) using v_rule.keep;
    get diagnostics v_rows = row_count;
    v_answer := v_answer || jsonb_build_object(v_rule.table_name, v_rows);
  end loop;
  return v_answer;
end
$$;

-- Only where pg_cron is available and loaded; the embedded database uses a timer instead.
do $$
begin
  if current_setting('shared_preload_libraries') like '%pg_cron%'
    and exists (select from pg_available_extensions where name = 'pg_cron')
  then
    create extension if not exists pg_cron;
    perform cron.schedule('patchbay-prune-history', '17 3 * * *', 'select private.prune_history()');
    perform cron.schedule('patchbay-end-lost-sessions', '*/5 * * * *', 'select private.end_lost_sessions()');
  end if;
end
$$;

-- Returns how much of its limits a workspace uses, to its members: limit, allowed (null: no limit), used (null for a
-- length of time).
create function public.workspace_usage(p_workspace_id uuid)
returns table ("limit" text, allowed integer, used bigint)
language sql stable security definer set search_path = ''
as $$
  select
    u.name,
    case when u.name like '%per\_user' then private.allowed(u.name, null, auth.uid())
      else private.allowed(u.name, p_workspace_id, null) end,
    u.used
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
    select 'sessions_per_day', count(*) from private.uses_today('sessions_per_day', p_workspace_id)
    union all
    select 'sessions_at_once', count(*) from public.voice_sessions v
    where v.workspace_id = p_workspace_id and v.state <> 'ended' and private.counts_as_running(v)
    union all
    -- Counts all workspaces of the caller, so only owners see it.
    select 'servers_per_user', private.servers_of_owner(auth.uid())
    where p_workspace_id = any (private.my_workspace_ids(array['owner']))
    union all
    select 'session_minutes', null
    union all
    select 'session_idle_minutes', null
  ) u
  where p_workspace_id = any (private.my_workspace_ids())
$$;

-- Returns what `npm run doctor` checks. migrations: their versions. open_tables: tables without row-level security.
-- prunes: whether the nightly job exists, null without pg_cron. monitors: how many ran within the last minute.
create function public.deployment_state() returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  v_migrations jsonb := '[]';
  v_prunes boolean;
begin
  -- These schemas don't exist in every database.
  if to_regclass('supabase_migrations.schema_migrations') is not null then
    execute 'select coalesce(jsonb_agg(version order by version), ''[]'') from supabase_migrations.schema_migrations'
      into v_migrations;
  end if;
  if to_regclass('cron.job') is not null then
    execute 'select exists (select from cron.job where jobname = ''patchbay-prune-history'' and active)'
      into v_prunes;
  end if;
  return jsonb_build_object(
    'migrations', v_migrations,
    'open_tables', (
      select coalesce(jsonb_agg(c.oid::regclass::text order by c.relname), '[]') from pg_catalog.pg_class c
      where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
        and c.relkind in ('r', 'p') and not c.relrowsecurity
    ),
    'prunes', v_prunes,
    'monitors', (
      select count(*) from private.monitors m where m.seen_at > clock_timestamp() - interval '60 seconds'
    ),
    'monitors_without_network', (
      select count(*) from private.monitors m
      where m.seen_at > clock_timestamp() - interval '60 seconds' and m.network_away_since is not null
    )
  );
end
$$;

-- Returns metrics over all workspaces as rows of name, label and value. They are measured over recent time windows,
-- so that it does not matter which monitor reads them.
create function public.operating_metrics()
returns table (name text, label text, label_value text, value double precision)
language sql stable set search_path = ''
as $$
  with calls as (
    select c.outcome, c.duration_ms from public.tool_calls c where c.started_at > now() - interval '5 minutes'
  )
  select m.name, m.label, m.label_value, m.value::double precision
  from (
    select 'patchbay_servers' as name, 'status' as label, s.status as label_value, (
      select count(*) from public.mcp_servers r where r.is_active and r.connection_status = s.status
    )::double precision as value
    from unnest(array['connected', 'connecting', 'disconnected', 'error', 'needs_auth']) as s (status)
    union all
    -- How long the most overdue server has been waiting for its probe.
    select 'patchbay_probe_overdue_seconds', null, null, greatest(0, extract(epoch from now() - min(h.due_at)))
    from public.mcp_server_health h
    where h.leased_until is null or h.leased_until < now()
    union all
    select 'patchbay_monitors', null, null, count(*) from private.monitors m
    where m.seen_at > now() - interval '1 minute'
    union all
    -- Monitors that reach none of their reference hosts.
    select 'patchbay_monitors_without_network', null, null, count(*) from private.monitors m
    where m.seen_at > now() - interval '1 minute' and m.network_away_since is not null
    union all
    -- Servers that are probed in isolated processes, because monitors died while probing them.
    select 'patchbay_servers_quarantined', null, null, count(*) from public.mcp_server_health h
    where h.abandoned >= 2 and h.due_at is not null
    union all
    select 'patchbay_conversations', 'state', s.state, (
      select count(*) from public.voice_sessions v where v.ended_at is null and v.state = s.state
    )
    from unnest(array['starting', 'active']) as s (state)
    union all
    -- An agent joins within seconds or not at all.
    select 'patchbay_conversation_wait_seconds', null, null, extract(epoch from now() - min(v.started_at))
    from public.voice_sessions v
    where v.ended_at is null and v.state = 'starting' and v.started_at > now() - interval '10 minutes'
    union all
    select 'patchbay_calls_5m', 'outcome', o.outcome, (select count(*) from calls c where c.outcome = o.outcome)
    from unnest(array['ok', 'tool_error', 'timeout', 'cancelled', 'unavailable', 'refused']) as o (outcome)
    union all
    select 'patchbay_call_duration_p95_seconds', null, null,
      percentile_cont(0.95) within group (order by c.duration_ms) / 1000
    from calls c where c.outcome in ('ok', 'tool_error')
    union all
    -- How late the most overdue webhook message is.
    select 'patchbay_delivery_overdue_seconds', null, null, greatest(0, extract(epoch from now() - min(d.due_at)))
    from public.webhook_deliveries d
    where d.due_at is not null and (d.leased_until is null or d.leased_until < now())
    union all
    -- How many days the oldest call is past its retention, that is, pruning doesn't run.
    select 'patchbay_history_overdue_days', null, null, greatest(
      0, extract(epoch from now() - min(c.started_at) - r.keep) / 86400
    )
    from public.tool_calls c cross join private.retention r
    where r.table_name = 'public.tool_calls' group by r.keep
  ) m
  where m.value is not null
$$;

revoke all on all functions in schema private from public;
revoke all on function
  public.workspace_usage, public.deployment_state, public.operating_metrics
  from public, anon, authenticated;
grant execute on function public.workspace_usage to authenticated;
grant execute on function public.deployment_state, public.operating_metrics to service_role;
