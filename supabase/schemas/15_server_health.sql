-- Server status and health checks. Monitors claim due servers by lease, so any number of them share the work, no
-- server is probed twice at a time, and a lease of a monitor that died runs out.

create table public.mcp_server_checks (
  id uuid primary key default gen_random_uuid(),
  server_id uuid not null,
  workspace_id uuid not null,
  checked_at timestamptz not null,
  source text not null,
  ok boolean not null,
  error_code text,
  address_ms integer,
  connect_ms integer,
  authenticate_ms integer,
  initialize_ms integer,
  list_tools_ms integer,
  constraint mcp_server_checks_server foreign key (server_id, workspace_id)
    references public.mcp_servers (id, workspace_id) on update cascade on delete cascade,
  constraint mcp_server_checks_source check (source in ('function', 'monitor'))
);
create index mcp_server_checks_by_server on public.mcp_server_checks (server_id, checked_at desc);
create index mcp_server_checks_workspace on public.mcp_server_checks (workspace_id);
create index mcp_server_checks_by_time on public.mcp_server_checks (checked_at);

alter table public.mcp_server_checks enable row level security;
revoke all on public.mcp_server_checks from anon, authenticated;
grant select on public.mcp_server_checks to authenticated;
grant select on public.mcp_server_checks to api_token;
grant select, insert, update, delete on public.mcp_server_checks to service_role;
create policy "members see checks" on public.mcp_server_checks for select to authenticated
  using (workspace_id = any ((select private.my_workspace_ids())::uuid[]));
create policy "a token sees checks" on public.mcp_server_checks for select to api_token
  using (workspace_id = (select private.token_workspace_id()));

-- The checks of one hour. `latencies` is a histogram: bucket i of 40 ends at 60000^(i/40) ms, and the last one takes
-- the rest.
create table public.mcp_server_hours (
  server_id uuid not null,
  workspace_id uuid not null,
  hour timestamptz not null,
  checks integer not null,
  failures integer not null,
  latencies integer[] not null,
  primary key (server_id, hour),
  constraint mcp_server_hours_server foreign key (server_id, workspace_id)
    references public.mcp_servers (id, workspace_id) on update cascade on delete cascade
);
create index mcp_server_hours_workspace on public.mcp_server_hours (workspace_id);
create index mcp_server_hours_by_time on public.mcp_server_hours (hour);

alter table public.mcp_server_hours enable row level security;
revoke all on public.mcp_server_hours from anon, authenticated;
grant select on public.mcp_server_hours to authenticated;
grant select on public.mcp_server_hours to api_token;
grant select, insert, update, delete on public.mcp_server_hours to service_role;
create policy "members see hours" on public.mcp_server_hours for select to authenticated
  using (workspace_id = any ((select private.my_workspace_ids())::uuid[]));
create policy "a token sees hours" on public.mcp_server_hours for select to api_token
  using (workspace_id = (select private.token_workspace_id()));

-- A time during which a server was unusable. Incidents shortly after each other form a series, and notices are about
-- series.
create table public.mcp_server_incidents (
  id uuid primary key default gen_random_uuid(),
  server_id uuid not null,
  workspace_id uuid not null,
  series_id uuid not null,
  started_at timestamptz not null,
  ended_at timestamptz,
  error_code text,
  error_message text,
  constraint mcp_server_incidents_server foreign key (server_id, workspace_id)
    references public.mcp_servers (id, workspace_id) on update cascade on delete cascade
);
create unique index mcp_server_incidents_one_open on public.mcp_server_incidents (server_id)
  where ended_at is null;
create index mcp_server_incidents_by_server on public.mcp_server_incidents (server_id, started_at desc);
create index mcp_server_incidents_series on public.mcp_server_incidents (series_id);
create index mcp_server_incidents_workspace on public.mcp_server_incidents (workspace_id);
create index mcp_server_incidents_by_time on public.mcp_server_incidents (ended_at);

alter table public.mcp_server_incidents enable row level security;
revoke all on public.mcp_server_incidents from anon, authenticated;
grant select on public.mcp_server_incidents to authenticated;
grant select on public.mcp_server_incidents to api_token;
grant select, insert, update, delete on public.mcp_server_incidents to service_role;
create policy "members see incidents" on public.mcp_server_incidents for select to authenticated
  using (workspace_id = any ((select private.my_workspace_ids())::uuid[]));
create policy "a token sees incidents" on public.mcp_server_incidents for select to api_token
  using (workspace_id = (select private.token_workspace_id()));

create table public.mcp_server_health (
  server_id uuid primary key,
  workspace_id uuid not null,
  -- Null: not probed, because the server is disabled.
  due_at timestamptz,
  lease_id uuid,
  leased_until timestamptz,
  -- The monitor's state between probes.
  memory jsonb not null default '{}',
  certificate_expires_at timestamptz,
  catalog_digest text,
  confirmed_until timestamptz,
  -- Consecutive leases that ended without a report. From 2, the server is probed in an isolated process.
  abandoned integer not null default 0,
  -- When an edit last brought the probe forward.
  hurried_at timestamptz,
  constraint mcp_server_health_server foreign key (server_id, workspace_id)
    references public.mcp_servers (id, workspace_id) on update cascade on delete cascade
);
create index mcp_server_health_due on public.mcp_server_health (due_at);
create index mcp_server_health_workspace on public.mcp_server_health (workspace_id);

alter table public.mcp_server_health enable row level security;
revoke all on public.mcp_server_health from anon, authenticated;
grant select (server_id, workspace_id, due_at, certificate_expires_at) on public.mcp_server_health to authenticated;
grant select (server_id, workspace_id, due_at, certificate_expires_at) on public.mcp_server_health to api_token;
grant select, insert, update, delete on public.mcp_server_health to service_role;
create policy "members see when a server is probed" on public.mcp_server_health for select to authenticated
  using (workspace_id = any ((select private.my_workspace_ids())::uuid[]));
create policy "a token sees when a server is probed" on public.mcp_server_health for select to api_token
  using (workspace_id = (select private.token_workspace_id()));

-- Workspaces with an open page or a conversation, whose servers are probed more often.
create table private.watched_workspaces (
  workspace_id uuid primary key references public.workspaces (id) on delete cascade,
  watched_until timestamptz not null
);

alter table private.watched_workspaces enable row level security;
grant select, insert, update, delete on private.watched_workspaces to service_role;

-- Running monitors, and since when the network is down for them.
create table private.monitors (
  id uuid primary key,
  seen_at timestamptz not null,
  network_away_since timestamptz
);

alter table private.monitors enable row level security;
grant select, insert, update, delete on private.monitors to service_role;

create function private.count_check(
  p_server_id uuid, p_workspace_id uuid, p_at timestamptz, p_ok boolean, p_latency_ms numeric
) returns void
language plpgsql set search_path = ''
as $$
declare
  v_hour timestamptz := date_trunc('hour', p_at, 'UTC');
  -- Without a latency, any bucket will do: nothing is added.
  v_bucket integer := coalesce(
    width_bucket(ln(least(greatest(p_latency_ms, 1), 60000)), 0::numeric, ln(60000::numeric), 40), 41
  );
  v_failed integer := case when p_ok then 0 else 1 end;
  v_counts integer[] := array_fill(0, array[41]);
begin
  v_counts[v_bucket] := case when p_ok and p_latency_ms is not null then 1 else 0 end;
  insert into public.mcp_server_hours as h (server_id, workspace_id, hour, checks, failures, latencies)
  values (p_server_id, p_workspace_id, v_hour, 1, v_failed, v_counts)
  on conflict (server_id, hour) do update set
    checks = h.checks + 1,
    failures = h.failures + v_failed,
    latencies[v_bucket] = h.latencies[v_bucket] + v_counts[v_bucket];
end
$$;

-- Opens or ends the incident of a server and returns whether that changed anything. An incident that starts within 15
-- minutes of the last one's end belongs to its series.
create function private.track_incident(
  p_server_id uuid, p_workspace_id uuid, p_status text, p_at timestamptz, p_error_code text, p_error_message text
) returns boolean
language plpgsql set search_path = ''
as $$
declare
  v_last public.mcp_server_incidents;
  v_id uuid := gen_random_uuid();
begin
  select * into v_last from public.mcp_server_incidents
  where server_id = p_server_id order by started_at desc limit 1;

  if p_status = 'connected' and v_last.id is not null and v_last.ended_at is null then
    update public.mcp_server_incidents set ended_at = greatest(p_at, started_at) where id = v_last.id;
    return true;
  end if;
  if p_status not in ('error', 'needs_auth') or (v_last.id is not null and v_last.ended_at is null) then
    return false;
  end if;
  insert into public.mcp_server_incidents (
    id, server_id, workspace_id, series_id, started_at, error_code, error_message
  ) values (
    v_id, p_server_id, p_workspace_id,
    case when v_last.ended_at > p_at - interval '15 minutes' then v_last.series_id else v_id end,
    greatest(p_at, v_last.ended_at), p_error_code, left(p_error_message, 500)
  );
  return true;
end
$$;

-- Adds a notice about the latest incident of a server: one per series, and one for the end of each incident.
create function private.add_incident_notice(p_server_id uuid, p_kind text) returns void
language plpgsql set search_path = ''
as $$
declare
  v_incident public.mcp_server_incidents;
begin
  select * into v_incident from public.mcp_server_incidents
  where server_id = p_server_id order by started_at desc limit 1;
  perform private.add_notice(
    p_server_id, p_kind,
    p_kind || ':' || case when p_kind = 'back' then v_incident.id else v_incident.series_id end,
    jsonb_build_object(
      'series_id', v_incident.series_id, 'incident_id', v_incident.id, 'started_at', v_incident.started_at,
      'ended_at', v_incident.ended_at, 'error_code', v_incident.error_code,
      'error_message', v_incident.error_message
    )
  );
end
$$;

-- Stores observations of servers and returns how many became the current status. Ignores observations that are older
-- than the stored one or of another config_version; of two with the same time, the later one in the list wins. A time
-- in the future counts as now, so that a reporter whose clock is fast can't block others. An observation without
-- status is only recorded as a check. `catalog_seen_at`: when the unchanged list of tools was read. Rows are locked
-- in the order of their ids, so that concurrent batches can't deadlock.
create function public.report_server_status(p_observations jsonb) returns integer
language plpgsql set search_path = ''
as $$
declare
  o record;
  v_workspace_id uuid;
  v_stored_at timestamptz;
  v_applied integer := 0;
  v_watched uuid[] := '{}';
begin
  for o in
    select listed.*, least(listed.observed_at, clock_timestamp()) as at
    from rows from (
      jsonb_to_recordset(p_observations) as (
        server_id uuid, config_version integer, observed_at timestamptz, source text, status text,
        error_code text, error_message text, latency_ms numeric, detected_transport text, protocol_version text,
        server_info jsonb, capabilities jsonb, instructions text, phases jsonb, ok boolean,
        catalog_seen_at timestamptz
      )
    ) with ordinality as listed (
      server_id, config_version, observed_at, source, status, error_code, error_message, latency_ms,
      detected_transport, protocol_version, server_info, capabilities, instructions, phases, ok,
      catalog_seen_at, position
    )
    order by listed.server_id, at, listed.position
  loop
    select s.workspace_id, s.status_observed_at into v_workspace_id, v_stored_at
    from public.mcp_servers s
    where s.id = o.server_id and s.config_version = o.config_version
    for update;
    continue when not found;

    if o.source in ('function', 'monitor') then
      insert into public.mcp_server_checks (
        server_id, workspace_id, checked_at, source, ok, error_code,
        address_ms, connect_ms, authenticate_ms, initialize_ms, list_tools_ms
      ) values (
        o.server_id, v_workspace_id, o.at, o.source, coalesce(o.ok, o.status = 'connected'), o.error_code,
        round((o.phases ->> 'address_ms')::numeric), round((o.phases ->> 'connect_ms')::numeric),
        round((o.phases ->> 'authenticate_ms')::numeric), round((o.phases ->> 'initialize_ms')::numeric),
        round((o.phases ->> 'list_tools_ms')::numeric)
      );
      perform private.count_check(
        o.server_id, v_workspace_id, o.at, coalesce(o.ok, o.status = 'connected'), o.latency_ms
      );
    end if;

    continue when o.status is null or v_stored_at > o.at;
    update public.mcp_servers
    set
      connection_status = o.status,
      status_observed_at = o.at,
      status_config_version = o.config_version,
      error_code = o.error_code,
      error_message = left(o.error_message, 500),
      last_connected = case when o.status = 'connected' then o.at else last_connected end,
      latency_ms = coalesce(round(o.latency_ms), latency_ms),
      consecutive_failures = case
        when o.status in ('error', 'needs_auth') then consecutive_failures + 1
        when o.status = 'connected' then 0
        else consecutive_failures
      end,
      detected_transport = coalesce(o.detected_transport, detected_transport),
      protocol_version = coalesce(o.protocol_version, protocol_version),
      server_info = coalesce(nullif(o.server_info, 'null'), server_info),
      capabilities = coalesce(nullif(o.capabilities, 'null'), capabilities),
      instructions = coalesce(o.instructions, instructions),
      catalog_observed_at = case
        when o.catalog_seen_at is null then catalog_observed_at
        else greatest(catalog_observed_at, least(o.catalog_seen_at, clock_timestamp()))
      end
    where id = o.server_id;
    perform private.on_observation(
      o.server_id, o.source, o.status, o.at,
      private.track_incident(o.server_id, v_workspace_id, o.status, o.at, o.error_code, o.error_message)
    );
    v_applied := v_applied + 1;
    if o.source = 'session' then
      v_watched := array_append(v_watched, v_workspace_id);
    end if;
  end loop;
  -- Last, so that nobody waits for the locks it takes.
  perform private.watch(w.id, interval '15 seconds') from (select distinct unnest(v_watched) as id) w;
  return v_applied;
end
$$;

create function private.latency_percentile(p_server_id uuid, p_since timestamptz, p_share numeric) returns integer
language sql stable set search_path = ''
as $$
  -- The middle of the bucket on its logarithmic scale, at most 15% off.
  select round(power(60000::numeric, (bucket - 0.5) / 40))::integer
  from (
    select bucket, sum(n) over (order by bucket) as upto, sum(n) over () as total
    from (
      select b.bucket, sum(b.n) as n
      from public.mcp_server_hours h, unnest(h.latencies) with ordinality as b (n, bucket)
      where h.server_id = p_server_id and h.hour > p_since - interval '1 hour'
      group by b.bucket
    ) buckets
  ) counted
  where total > 0 and upto >= total * p_share
  order by bucket limit 1
$$;

-- Returns uptime and latency of a server over a day, a week and 30 days, or since it exists. Uptime is the share of
-- time outside incidents, so that the more frequent checks during an incident don't weigh more. Null without checks.
create function public.server_history(p_server_id uuid) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_object_agg(span.name, (
    select jsonb_build_object(
      'checks', coalesce(sum(h.checks), 0),
      'failures', coalesce(sum(h.failures), 0),
      'uptime', case when sum(h.checks) > 0 then round(1 - least(1, (
        select coalesce(sum(extract(epoch from
          least(coalesce(i.ended_at, now()), now()) - greatest(i.started_at, span.since)
        )), 0)
        from public.mcp_server_incidents i
        where i.server_id = p_server_id and coalesce(i.ended_at, now()) > span.since and i.started_at < now()
      ) / greatest(extract(epoch from now() - span.since), 1)), 5) end,
      'p50_ms', private.latency_percentile(p_server_id, span.since, 0.5),
      'p95_ms', private.latency_percentile(p_server_id, span.since, 0.95)
    )
    from public.mcp_server_hours h
    where h.server_id = p_server_id and h.hour > span.since - interval '1 hour'
  ))
  from (
    select
      name,
      greatest(now() - length, (select s.created_at from public.mcp_servers s where s.id = p_server_id)) as since
    from (
      values ('day', interval '1 day'), ('week', interval '7 days'), ('month', interval '30 days')
    ) as spans (name, length)
  ) span
$$;

-- Probes a new or edited server soon, but leaves time for the page that tests it or the conversation that connects to
-- it first. Edits bring it forward once a minute. A lease on the old configuration is void, and still counts as
-- abandoned.
create function private.schedule_server() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  v_now timestamptz := clock_timestamp();
begin
  insert into public.mcp_server_health as h (server_id, workspace_id, due_at)
  values (new.id, new.workspace_id, case when new.is_active then v_now + interval '5 seconds' end)
  on conflict (server_id) do update set
    due_at = case
      when new.is_active then greatest(v_now + interval '5 seconds', h.hurried_at + interval '1 minute')
    end,
    hurried_at = case when h.hurried_at > v_now - interval '1 minute' then h.hurried_at else v_now end,
    abandoned = h.abandoned + (h.lease_id is not null)::integer,
    lease_id = null, leased_until = null, memory = '{}', certificate_expires_at = null,
    catalog_digest = null, confirmed_until = null;
  update public.mcp_server_incidents set ended_at = greatest(clock_timestamp(), started_at)
  where server_id = new.id and ended_at is null;
  return null;
end
$$;
create trigger schedule_new_server after insert on public.mcp_servers
  for each row execute function private.schedule_server();
create trigger schedule_edited_server after update on public.mcp_servers
  for each row when (new.config_version <> old.config_version) execute function private.schedule_server();

-- Keeps a workspace watched for the next 90 seconds. If it was not watched before, brings its probes forward: after
-- p_wait where a server is unhealthy or not checked for a minute, else when that minute is over.
create function private.watch(p_workspace_id uuid, p_wait interval) returns void
language plpgsql security definer set search_path = ''
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_was_watched boolean;
begin
  select w.watched_until > v_now into v_was_watched
  from private.watched_workspaces w where w.workspace_id = p_workspace_id;
  -- Does nothing if the workspace is being deleted.
  insert into private.watched_workspaces as w (workspace_id, watched_until)
  select s.id, v_now + interval '90 seconds' from public.workspaces s where s.id = p_workspace_id for key share
  on conflict (workspace_id) do update set watched_until = excluded.watched_until
    where w.watched_until < v_now + interval '75 seconds';
  if v_was_watched then
    return;
  end if;
  update public.mcp_server_health h
  set due_at = least(h.due_at, soon.at)
  from (
    select free.server_id, case
      when s.connection_status = 'connected' and s.status_observed_at > v_now - interval '60 seconds'
        then s.status_observed_at + interval '60 seconds'
      else v_now + p_wait + random() * interval '2 seconds'
    end as at
    from public.mcp_servers s
    join (
      -- Leased servers are being probed anyway.
      select l.server_id from public.mcp_server_health l
      where l.workspace_id = p_workspace_id and l.due_at > v_now and l.lease_id is null
      order by l.server_id for update skip locked
    ) free on free.server_id = s.id
  ) soon
  where h.server_id = soon.server_id;
end
$$;

-- Reports that a page is open, so that servers are probed more often, and returns {is_monitored, network_away_since}.
-- PT404: no such workspace.
create function public.watch_workspace(p_workspace_id uuid) returns jsonb
language plpgsql security definer set search_path = ''
as $$
begin
  if not p_workspace_id = any (private.my_workspace_ids()) then
    raise exception using errcode = 'PT404', message = 'There is no such workspace.';
  end if;
  perform private.watch(p_workspace_id, interval '0 seconds');
  return (
    select jsonb_build_object(
      'is_monitored', count(*) > 0,
      'network_away_since', case when bool_and(m.network_away_since is not null) then max(m.network_away_since) end
    )
    from private.monitors m where m.seen_at > clock_timestamp() - interval '60 seconds'
  );
end
$$;

create function private.watch_session_workspace() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.watch(new.workspace_id, interval '15 seconds');
  return null;
end
$$;
create trigger watch_session_workspace after insert on public.voice_sessions
  for each row execute function private.watch_session_workspace();

-- Reschedules the probe after an observation by someone other than the monitor. On a change, the monitor probes at
-- once, since only its decisions lead to notices; a healthy server needs no probe for now, because a second
-- connection is load and can end the first one.
create function private.on_observation(
  p_server_id uuid, p_source text, p_status text, p_at timestamptz, p_is_change boolean
) returns void
language plpgsql set search_path = ''
as $$
begin
  if p_source = 'session' and p_status = 'connecting' then
    -- Not during an incident, when conversations retry all the time and the monitor has to decide.
    update public.mcp_server_health h
    set due_at = greatest(h.due_at, clock_timestamp() + interval '15 seconds')
    where h.server_id = p_server_id
      and (h.leased_until is null or h.leased_until <= clock_timestamp())
      and not exists (
        select from public.mcp_server_incidents i where i.server_id = p_server_id and i.ended_at is null
      )
      and h.due_at is not null;
    return;
  end if;
  if p_source = 'monitor' or p_status not in ('connected', 'error', 'needs_auth') then
    return;
  end if;
  update public.mcp_server_health
  set
    confirmed_until = case when p_status = 'connected' then p_at + interval '50 seconds' end,
    due_at = case
      -- Disabled, or leased by a running monitor.
      when due_at is null or leased_until > clock_timestamp() then due_at
      when p_is_change then clock_timestamp() + interval '2 seconds'
      else p_at + interval '75 seconds'
    end
  where server_id = p_server_id;
end
$$;

-- Everything that a probe of a server and the decision after it need.
create function private.probe_job(p_server_id uuid, p_fresh_ms integer) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'id', s.id,
    'workspace_id', s.workspace_id,
    'url', s.url,
    'transport', s.transport,
    'protocol_era', s.protocol_era,
    'auth_method', s.auth_method,
    'auth_header', s.auth_header,
    'credential_scope', s.credential_scope,
    'added_by', s.user_id,
    'config_version', s.config_version,
    'secret', (
      select jsonb_build_object('ciphertext', x.ciphertext, 'nonce', x.nonce, 'key_id', x.key_id)
      from private.credential_for(s, s.user_id) x
    ),
    'connection_status', s.connection_status,
    'has_connected', s.last_connected is not null,
    -- Someone else saw it healthy a moment ago.
    'is_confirmed', coalesce(h.confirmed_until > clock_timestamp(), false) and s.connection_status = 'connected',
    'wants_tools', fresh.until is null or fresh.until <= clock_timestamp(),
    -- Lets the monitor skip an unchanged list. Null if a raised limit allows more tools now.
    'catalog_digest', case
      when fresh.until <= clock_timestamp() and (
        s.tools_over_limit = 0
        or private.allowed('tools_per_server', s.workspace_id, null) <= s.tool_count
      ) then h.catalog_digest
    end,
    'memory', h.memory,
    'is_watched', exists (
      select from private.watched_workspaces w
      where w.workspace_id = s.workspace_id and w.watched_until > clock_timestamp()
    ),
    'lease_id', h.lease_id,
    'incident', (
      select jsonb_build_object(
        'id', i.id, 'started_at', i.started_at, 'ended_at', i.ended_at, 'series_id', i.series_id,
        'in_series', (select count(*) from public.mcp_server_incidents o where o.series_id = i.series_id),
        'announced', private.announced_kinds(i.series_id)
      )
      from public.mcp_server_incidents i where i.server_id = s.id order by i.started_at desc limit 1
    )
  )
  from public.mcp_servers s
  join public.mcp_server_health h on h.server_id = s.id,
    lateral (select s.catalog_observed_at + make_interval(secs => p_fresh_ms / 1000.0)) as fresh (until)
  where s.id = p_server_id
$$;

-- Leases up to p_limit due servers for p_lease_ms and returns them as an array. Owners take turns, then their
-- workspaces, then their servers; p_held says how many servers of each owner the monitor already holds, which count
-- as turns taken. An owner gets at most as many slots as it leaves free (shared/src/engine/outgoing/fair-slots.ts).
-- Skips servers that another monitor is claiming right now. Tools older than p_fresh_ms are listed again. With
-- p_limit 0 a monitor only reports that it runs.
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

  with ready as (
    select h.server_id, h.due_at, h.workspace_id,
      row_number() over (partition by h.workspace_id order by h.due_at) as turn
    from public.mcp_server_health h
    where h.due_at <= v_now and (h.leased_until is null or h.leased_until <= v_now)
  ),
  charged as materialized (
    select r.workspace_id, private.owner_of(r.workspace_id) as owner_id
    from (select distinct workspace_id from ready) r
  ),
  due as (
    select r.server_id, r.due_at, c.owner_id, r.turn from ready r join charged c using (workspace_id)
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
    -- More than needed, since other monitors may take the first ones.
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

  -- A new statement, in order to see the leases.
  return coalesce((
    select jsonb_agg(private.probe_job(h.server_id, p_fresh_ms) || jsonb_build_object(
      'owner_id', private.owner_of(h.workspace_id), 'is_quarantined', h.abandoned >= 2
    ))
    from public.mcp_server_health h where h.server_id = any (v_ids)
  ), '[]');
end
$$;

-- Stores the results of claimed servers and ends their leases; returns how many were still held. Results after the
-- lease expired or the server was edited are ignored. Outcome `returned`: not probed; `crashed`: the probe crashed
-- its isolated process.
create function public.finish_probes(p_results jsonb) returns integer
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
    -- The same lock order as in reports and edits.
    perform from public.mcp_servers where id = r.server_id for update;
    -- A working conversation disproves a failed probe.
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
        perform private.add_incident_notice(r.server_id, n ->> 'kind');
      end if;
    end loop;
  end loop;
  return v_held;
end
$$;

-- Deletes old health data, at most p_limit rows of each table, and returns how many. One monitor at a time.
create function public.prune_health(p_limit integer default 10000) returns integer
language plpgsql set search_path = ''
as $$
declare
  v_total integer := 0;
  v_count integer;
begin
  if not pg_try_advisory_xact_lock(hashtextextended('patchbay.prune_health', 0)) then
    return 0;
  end if;
  delete from public.mcp_server_checks where id in (
    select id from public.mcp_server_checks where checked_at < now() - interval '2 days' limit p_limit
  );
  get diagnostics v_total = row_count;
  delete from public.mcp_server_hours where (server_id, hour) in (
    select server_id, hour from public.mcp_server_hours where hour < now() - interval '31 days' limit p_limit
  );
  get diagnostics v_count = row_count;
  v_total := v_total + v_count;
  delete from public.mcp_server_incidents where id in (
    select id from public.mcp_server_incidents where ended_at < now() - interval '90 days' limit p_limit
  );
  get diagnostics v_count = row_count;
  v_total := v_total + v_count;
  delete from public.notices where id in (
    select id from public.notices where created_at < now() - interval '90 days' limit p_limit
  );
  get diagnostics v_count = row_count;
  v_total := v_total + v_count;
  delete from public.webhook_deliveries where id in (
    select id from public.webhook_deliveries where created_at < now() - interval '30 days' limit p_limit
  );
  get diagnostics v_count = row_count;
  delete from private.monitors where seen_at < now() - interval '1 day';
  delete from private.watched_workspaces where watched_until < now() - interval '1 day';
  return v_total + v_count;
end
$$;

revoke all on all functions in schema private from public;
revoke all on function
  public.report_server_status, public.server_history, public.watch_workspace, public.claim_due_servers,
  public.finish_probes, public.prune_health
  from public, anon, authenticated;
grant execute on function
  private.count_check, private.track_incident, private.add_incident_notice, public.report_server_status, private.watch,
  private.on_observation, private.probe_job, public.claim_due_servers, public.finish_probes, public.prune_health
  to service_role;
grant execute on function private.latency_percentile, public.server_history to authenticated, api_token, service_role;
grant execute on function public.watch_workspace to authenticated;
