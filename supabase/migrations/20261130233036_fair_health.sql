-- Probes are shared fairly between owners: whoever created a workspace is charged for its servers, and one owner's
-- servers that hang take no slot that another owner needs. A server that was in hand when monitors died is set apart.

alter table public.mcp_server_health
  -- Leases in a row that ended without a report. From 2 on the server is probed in a process of its own.
  add column abandoned integer not null default 0,
  -- When an edit last brought the server up early.
  add column hurried_at timestamptz;

-- A new or edited server is probed soon, but not before those who came for it had their turn: the page that tests it, a
-- conversation that connects to it. Edits bring it up early once a minute. A lease on the old configuration counts no
-- more, and an edit does not hide that nobody reported.
create or replace function private.schedule_server() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  v_now timestamptz := clock_timestamp();
begin
  insert into public.mcp_server_health as h (server_id, workspace_id, due_at)
  values (new.id, new.workspace_id, case when new.is_active then v_now + interval '5 seconds' end)
  on conflict (server_id) do update set
    due_at = case when new.is_active then greatest(v_now + interval '5 seconds', h.hurried_at + interval '1 minute') end,
    hurried_at = case when h.hurried_at > v_now - interval '1 minute' then h.hurried_at else v_now end,
    abandoned = h.abandoned + (h.lease_id is not null)::integer, lease_id = null, leased_until = null, memory = '{}', certificate_expires_at = null,
    catalogue_digest = null, confirmed_until = null;
  update public.mcp_server_incidents set ended_at = greatest(clock_timestamp(), started_at)
  where server_id = new.id and ended_at is null;
  return null;
end
$$;

-- Who is charged for what a workspace does: its creator, else the workspace itself.
create function private.owner_of(p_workspace_id uuid) returns uuid
language sql stable set search_path = ''
as $$
  select coalesce((select w.created_by from public.workspaces w where w.id = p_workspace_id), p_workspace_id)
$$;

drop function public.claim_due_servers(uuid, integer, integer, integer, timestamptz);

-- Leases up to `p_limit` due servers for `p_lease_ms` and returns them as an array. Owners take turns, then their
-- workspaces, then their servers; `p_held` has how many servers of each owner the monitor holds already, and they count
-- as turns taken. An owner holds at most as many as it leaves free (agent-worker/src/fair-slots.ts). Servers that another
-- monitor is claiming at this moment are passed over. A catalogue older than `p_fresh_ms` is to be read again. With a
-- limit of 0 a monitor only says that it is there.
create function public.claim_due_servers(
  p_monitor_id uuid, p_limit integer, p_lease_ms integer, p_fresh_ms integer,
  p_network_away_since timestamptz default null, p_held jsonb default '{}'
) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_lease_id uuid := gen_random_uuid();
  v_ids uuid[];
begin
  insert into private.monitors as m (id, seen_at, network_away_since)
  values (p_monitor_id, v_now, p_network_away_since)
  on conflict (id) do update set seen_at = excluded.seen_at, network_away_since = excluded.network_away_since
    where m.seen_at < v_now - interval '10 seconds'
      or m.network_away_since is distinct from excluded.network_away_since;

  with due as (
    select h.server_id, h.due_at, coalesce(w.created_by, w.id) as owner_id,
      row_number() over (partition by h.workspace_id order by h.due_at) as turn
    from public.mcp_server_health h join public.workspaces w on w.id = h.workspace_id
    where h.due_at <= v_now and (h.leased_until is null or h.leased_until <= v_now)
  ),
  owned as (
    select d.server_id, d.due_at, coalesce((p_held ->> d.owner_id::text)::integer, 0)
      + row_number() over (partition by d.owner_id order by d.turn, d.due_at) as turn
    from due d
  ),
  waiting as (
    select o.*, row_number() over (order by o.turn, o.due_at) as place
    from owned o
    order by o.turn, o.due_at
    -- More than wanted, since others may be taking the first ones.
    limit p_limit * 4
  ),
  free as (
    select h.server_id
    from public.mcp_server_health h join waiting w using (server_id)
    where h.due_at <= v_now and (h.leased_until is null or h.leased_until <= v_now)
      and w.turn <= (select max(f.turn) from waiting f where f.turn + f.place <= p_limit + 1)
    order by w.turn, w.due_at
    limit p_limit
    for update of h skip locked
  ),
  leased as (
    update public.mcp_server_health h
    set
      lease_id = v_lease_id, leased_until = v_now + make_interval(secs => p_lease_ms / 1000.0),
      abandoned = h.abandoned + (h.lease_id is not null)::integer
    from free where h.server_id = free.server_id
    returning h.server_id
  )
  select array_agg(server_id) into v_ids from leased;

  -- A new statement, which sees the leases.
  return coalesce((
    select jsonb_agg(private.probe_job(h.server_id, p_fresh_ms) || jsonb_build_object(
      'owner_id', private.owner_of(h.workspace_id), 'is_quarantined', h.abandoned >= 2
    ))
    from public.mcp_server_health h where h.server_id = any (v_ids)
  ), '[]');
end
$$;

-- Takes what became of claimed servers and gives the leases back; returns how many were still held. Whoever comes after
-- the lease has run out, or after the server was edited, comes too late and changes nothing. An outcome of `returned`
-- means that the server was not probed, `crashed` that its probe ended the process that was set apart for it.
create or replace function public.finish_probes(p_results jsonb) returns integer
language plpgsql set search_path = ''
as $$
declare
  r record;
  n jsonb;
  v_held integer := 0;
begin
  for r in
    select * from jsonb_to_recordset(p_results) as (
      server_id uuid, lease_id uuid, next_ms numeric, memory jsonb, certificate_expires_at timestamptz,
      observation jsonb, notices jsonb, outcome text
    )
    order by server_id
  loop
    -- In the order in which reports and edits lock.
    perform from public.mcp_servers where id = r.server_id for update;
    -- A conversation that works disproves a probe that failed beside it.
    update public.mcp_server_health
    set due_at = confirmed_until, lease_id = null, leased_until = null, abandoned = 0
    where server_id = r.server_id and lease_id = r.lease_id
      and confirmed_until > clock_timestamp() and r.observation ->> 'ok' = 'false';
    if found then
      v_held := v_held + 1;
      continue;
    end if;
    update public.mcp_server_health
    set
      due_at = clock_timestamp() + make_interval(secs => (r.next_ms / 1000)::double precision),
      lease_id = null, leased_until = null, memory = r.memory,
      abandoned = case r.outcome when 'returned' then abandoned when 'crashed' then greatest(abandoned, 2) else 0 end,
      certificate_expires_at = coalesce(r.certificate_expires_at, certificate_expires_at)
    where server_id = r.server_id and lease_id = r.lease_id;
    continue when not found;
    v_held := v_held + 1;
    if jsonb_typeof(r.observation) = 'object' then
      perform public.report_server_status(jsonb_build_array(r.observation));
    end if;
    for n in select * from jsonb_array_elements(coalesce(nullif(r.notices, 'null'), '[]')) loop
      if n ->> 'kind' = 'certificate' then
        perform private.add_notice(r.server_id, 'certificate', n ->> 'key', n -> 'details');
      else
        perform private.notice_incident(r.server_id, n ->> 'kind');
      end if;
    end loop;
  end loop;
  return v_held;
end
$$;

create or replace function public.operating_metrics()
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
    -- Those that reach none of their reference hosts.
    select 'patchbay_monitors_without_network', null, null, count(*) from private.monitors m
    where m.seen_at > now() - interval '1 minute' and m.network_away_since is not null
    union all
    -- Servers that are probed in a process of their own, because monitors died while they had them.
    select 'patchbay_servers_quarantined', null, null, count(*) from public.mcp_server_health h
    where h.abandoned >= 2 and h.due_at is not null
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

create or replace function public.deployment_state() returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  v_migrations jsonb := '[]';
  v_prunes boolean;
begin
  -- Neither is there in every database, so neither may be named before it is looked for.
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

revoke all on function private.owner_of(uuid) from public;
grant execute on function private.owner_of(uuid) to service_role;
revoke all on function public.claim_due_servers(uuid, integer, integer, integer, timestamptz, jsonb)
  from public, anon, authenticated;
grant execute on function public.claim_due_servers(uuid, integer, integer, integer, timestamptz, jsonb)
  to service_role;
