-- What whoever runs an installation watches: a few numbers over all workspaces, read by the monitors and given out
-- by them as Prometheus metrics. Windows instead of counters: they mean the same, whichever monitor is asked.

-- The calls of the last minutes, and history whose time is up, are found by time.
create index tool_calls_by_time on public.tool_calls (started_at);
create index voice_sessions_by_end on public.voice_sessions (ended_at);

-- Rows of a metric's name, its one label (or neither), and its value. Null values are left out.
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
    -- How long the server that waits longest for its look has been due.
    select 'patchbay_look_overdue_seconds', null, null, greatest(0, extract(epoch from now() - min(h.due_at)))
    from public.mcp_server_health h
    where h.leased_until is null or h.leased_until < now()
    union all
    select 'patchbay_monitors', null, null, count(*) from private.monitors m
    where m.seen_at > now() - interval '1 minute'
    union all
    select 'patchbay_conversations', 'state', s.state, (
      select count(*) from public.voice_sessions v where v.ended_at is null and v.state = s.state
    )
    from unnest(array['starting', 'active']) as s (state)
    union all
    -- Rooms that wait for an agent: an agent is there within seconds, or does not come.
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
    -- How late the message to a webhook is that waits longest for its next attempt.
    select 'patchbay_delivery_overdue_seconds', null, null, greatest(0, extract(epoch from now() - min(d.due_at)))
    from public.webhook_deliveries d
    where d.due_at is not null and (d.leased_until is null or d.leased_until < now())
    union all
    -- Days by which the oldest call has outlived its time: history is not pruned.
    select 'patchbay_history_overdue_days', null, null, greatest(
      0, extract(epoch from now() - min(c.started_at) - r.keep) / 86400
    )
    from public.tool_calls c cross join private.retention r
    where r.table_name = 'public.tool_calls' group by r.keep
  ) m
  where m.value is not null
$$;

revoke all on function public.operating_metrics() from public, anon, authenticated;
grant execute on function public.operating_metrics() to service_role;
