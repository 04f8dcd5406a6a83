-- Status of servers: checks, what is kept of them, incidents, and the one way by which observations reach
-- mcp_servers. When a server is looked at next, and who looks, is in server_health.

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

-- What is kept of the checks of one hour. `latencies` counts answers by how long they took: bucket i of 40
-- ends at 60000^(i/40) ms, the last takes what is longer.
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

-- A time during which a server was not usable. Incidents that follow each other closely are one series, and
-- notices speak of series.
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

revoke all on public.mcp_server_checks, public.mcp_server_hours, public.mcp_server_incidents
  from anon, authenticated;
grant select on public.mcp_server_checks, public.mcp_server_hours, public.mcp_server_incidents to authenticated;
grant select, insert, update, delete
  on public.mcp_server_checks, public.mcp_server_hours, public.mcp_server_incidents to service_role;

alter table public.mcp_server_checks enable row level security;
alter table public.mcp_server_hours enable row level security;
alter table public.mcp_server_incidents enable row level security;

create policy "members see checks" on public.mcp_server_checks for select to authenticated
  using (workspace_id = any ((select private.my_workspace_ids())::uuid[]));
create policy "members see hours" on public.mcp_server_hours for select to authenticated
  using (workspace_id = any ((select private.my_workspace_ids())::uuid[]));
create policy "members see incidents" on public.mcp_server_incidents for select to authenticated
  using (workspace_id = any ((select private.my_workspace_ids())::uuid[]));

-- Adds one check to its hour.
create function private.count_check(
  p_server_id uuid, p_workspace_id uuid, p_at timestamptz, p_ok boolean, p_latency_ms numeric
) returns void
language plpgsql set search_path = ''
as $$
declare
  v_hour timestamptz := date_trunc('hour', p_at, 'UTC');
  -- Without a latency nothing is added, wherever.
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

-- Opens or ends the incident of a server; answers whether that was a change. An incident belongs to the
-- series of the one before when that ended less than 15 minutes ago.
create function private.follow_incident(
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

revoke all on function
  private.count_check(uuid, uuid, timestamptz, boolean, numeric),
  private.follow_incident(uuid, uuid, text, timestamptz, text, text)
  from public;
grant execute on function
  private.count_check(uuid, uuid, timestamptz, boolean, numeric),
  private.follow_incident(uuid, uuid, text, timestamptz, text, text)
  to service_role;

-- Takes observations of servers and answers how many of them became the stored status. An observation that
-- is older than the stored one, or speaks of another config_version, changes nothing; of two with the same
-- time the later one in the list counts. A time in the future counts as now, so that a reporter whose clock
-- is ahead cannot silence the others. One without a status is a check that decides nothing yet. `catalogue_seen_at`
-- is when the list of tools was read that is the same as the stored one. Rows are taken in the order of their ids, so that concurrent batches
-- cannot deadlock.
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
        catalogue_seen_at timestamptz
      )
    ) with ordinality as listed (
      server_id, config_version, observed_at, source, status, error_code, error_message, latency_ms,
      detected_transport, protocol_version, server_info, capabilities, instructions, phases, ok,
      catalogue_seen_at, position
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
      catalogue_observed_at = case
        when o.catalogue_seen_at is null then catalogue_observed_at
        else greatest(catalogue_observed_at, least(o.catalogue_seen_at, clock_timestamp()))
      end
    where id = o.server_id;
    perform private.heed_observation(
      o.server_id, o.source, o.status, o.at,
      private.follow_incident(o.server_id, v_workspace_id, o.status, o.at, o.error_code, o.error_message)
    );
    v_applied := v_applied + 1;
    if o.source = 'session' then
      v_watched := array_append(v_watched, v_workspace_id);
    end if;
  end loop;
  -- Last, because it takes what it can get of the schedule and must not make others wait for it.
  perform private.watch(w.id) from (select distinct unnest(v_watched) as id) w;
  return v_applied;
end
$$;

revoke all on function public.report_server_status(jsonb) from public, anon, authenticated;
grant execute on function public.report_server_status(jsonb) to service_role;

create function private.latency_percentile(p_server_id uuid, p_since timestamptz, p_share numeric) returns integer
language sql stable set search_path = ''
as $$
  -- The middle of the bucket on the scale of the buckets: at most 15 % from the true value.
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

-- Uptime and latency of a server over a day, a week and 30 days, each since the server is known. Uptime is
-- the share of the time outside incidents, so that checks which come more often while it is down do not
-- count more. Null where nothing was checked.
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
    select name, greatest(now() - length, (select s.created_at from public.mcp_servers s where s.id = p_server_id)) as since
    from (values ('day', interval '1 day'), ('week', interval '7 days'), ('month', interval '30 days')) as spans (name, length)
  ) span
$$;

revoke all on function public.server_history(uuid), private.latency_percentile(uuid, timestamptz, numeric)
  from public, anon, authenticated;
grant execute on function public.server_history(uuid), private.latency_percentile(uuid, timestamptz, numeric)
  to authenticated, service_role;
