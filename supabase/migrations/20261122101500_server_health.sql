-- Who looks at which server next. Monitors claim due servers by lease: any number of them share the work, no
-- server is probed by two at a time, and what a dead monitor held is free again when its lease runs out.

create table public.mcp_server_health (
  server_id uuid primary key,
  workspace_id uuid not null,
  -- Null: not looked at, because it is switched off.
  due_at timestamptz,
  lease_id uuid,
  leased_until timestamptz,
  -- What the monitor's decision remembers from probe to probe.
  memory jsonb not null default '{}',
  certificate_expires_at timestamptz,
  constraint mcp_server_health_server foreign key (server_id, workspace_id)
    references public.mcp_servers (id, workspace_id) on update cascade on delete cascade
);

create index mcp_server_health_due on public.mcp_server_health (due_at);
create index mcp_server_health_workspace on public.mcp_server_health (workspace_id);

revoke all on public.mcp_server_health from anon, authenticated;
grant select (server_id, workspace_id, due_at, certificate_expires_at)
  on public.mcp_server_health to authenticated;
grant select, insert, update, delete on public.mcp_server_health to service_role;
alter table public.mcp_server_health enable row level security;
create policy "members see when a server is looked at" on public.mcp_server_health for select to authenticated
  using (workspace_id = any ((select private.my_workspace_ids())::uuid[]));

-- Workspaces that somebody looks at or talks in. Their servers are looked at more often.
create table private.watched_workspaces (
  workspace_id uuid primary key references public.workspaces (id) on delete cascade,
  watched_until timestamptz not null
);
-- Monitors that run, and whether the network is away as they see it.
create table private.monitors (
  id uuid primary key,
  seen_at timestamptz not null,
  network_away_since timestamptz
);
alter table private.watched_workspaces enable row level security;
alter table private.monitors enable row level security;
grant select, insert, update, delete on private.watched_workspaces, private.monitors to service_role;

-- A new or edited server is looked at soon, but not before those who came for it had their turn: the page
-- that tests it, a conversation that connects to it. A lease on the old configuration counts no more.
create function private.schedule_server() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  insert into public.mcp_server_health as h (server_id, workspace_id, due_at)
  values (new.id, new.workspace_id, case when new.is_active then clock_timestamp() + interval '5 seconds' end)
  on conflict (server_id) do update set
    due_at = excluded.due_at, lease_id = null, leased_until = null, memory = '{}', certificate_expires_at = null;
  update public.mcp_server_incidents set ended_at = greatest(clock_timestamp(), started_at)
  where server_id = new.id and ended_at is null;
  return null;
end
$$;
create trigger schedule_new_server after insert on public.mcp_servers
  for each row execute function private.schedule_server();
create trigger schedule_edited_server after update on public.mcp_servers
  for each row when (new.config_version <> old.config_version) execute function private.schedule_server();
insert into public.mcp_server_health (server_id, workspace_id, due_at)
select s.id, s.workspace_id, case when s.is_active then now() end from public.mcp_servers s;

-- Keeps a workspace watched for the next 90 seconds. When it was not, its servers come up for a look: at once
-- where something is wrong or nothing was heard for a minute, the others when their minute is over.
create function private.watch(p_workspace_id uuid) returns void
language plpgsql security definer set search_path = ''
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_was_watched boolean;
begin
  select w.watched_until > v_now into v_was_watched
  from private.watched_workspaces w where w.workspace_id = p_workspace_id;
  -- A page may still look at a workspace that is being deleted: then there is nothing to keep.
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
      else v_now + random() * interval '2 seconds'
    end as at
    from public.mcp_servers s
    join (
      -- Servers that others have in hand are looked at anyway.
      select l.server_id from public.mcp_server_health l
      where l.workspace_id = p_workspace_id and l.due_at > v_now and l.lease_id is null
      order by l.server_id for update skip locked
    ) free on free.server_id = s.id
  ) soon
  where h.server_id = soon.server_id;
end
$$;

-- For a page that is open: says that somebody looks, and answers how far what it shows can be trusted.
create function public.watch_workspace(p_workspace_id uuid) returns jsonb
language plpgsql security definer set search_path = ''
as $$
begin
  if not p_workspace_id = any (private.my_workspace_ids()) then
    raise exception using errcode = 'PT404', message = 'There is no such workspace.';
  end if;
  perform private.watch(p_workspace_id);
  return (
    select jsonb_build_object(
      'is_monitored', count(*) > 0,
      'network_away_since', case when bool_and(m.network_away_since is not null) then max(m.network_away_since) end
    )
    from private.monitors m where m.seen_at > clock_timestamp() - interval '60 seconds'
  );
end
$$;

create function private.watch_of_session() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.watch(new.workspace_id);
  return null;
end
$$;
create trigger watch_of_session after insert on public.voice_sessions
  for each row execute function private.watch_of_session();

-- What an applied observation means for the schedule. A change that somebody else saw is looked at at once:
-- notices rest on what a monitor saw itself. While a conversation or the page looks, no monitor has to.
create function private.heed_observation(
  p_server_id uuid, p_source text, p_status text, p_at timestamptz, p_is_change boolean
) returns void
language plpgsql set search_path = ''
as $$
begin
  if p_source = 'monitor' or p_status not in ('connected', 'error', 'needs_auth') then
    return;
  end if;
  update public.mcp_server_health
  set due_at = case when p_is_change then clock_timestamp() + interval '2 seconds' else p_at + interval '75 seconds' end
  where server_id = p_server_id and due_at is not null and lease_id is null;
end
$$;

-- Everything that a probe of the server and the decision after it need.
create function private.probe_job(p_server_id uuid, p_fresh_ms integer) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'id', s.id,
    'workspace_id', s.workspace_id,
    'url', s.url,
    'transport', s.transport,
    'auth_method', s.auth_method,
    'auth_header', s.auth_header,
    'credential_scope', s.credential_scope,
    'added_by', s.user_id,
    'config_version', s.config_version,
    'secret', (
      select jsonb_build_object('ciphertext', x.ciphertext, 'nonce', x.nonce, 'key_id', x.key_id)
      from private.key_of(s, s.user_id) x
    ),
    'connection_status', s.connection_status,
    'has_connected', s.last_connected is not null,
    'wants_tools', fresh.until is null or fresh.until <= clock_timestamp(),
    -- Lets a list that is still the same be told from another without sending it.
    'catalogue_digest', case when fresh.until <= clock_timestamp() then (
      select md5(coalesce(string_agg(t.name || ' ' || t.fingerprint, e'\n' order by t.name collate "C"), ''))
      from public.mcp_tools t where t.server_id = s.id
    ) end,
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
        'announced', private.announced(i.series_id)
      )
      from public.mcp_server_incidents i where i.server_id = s.id order by i.started_at desc limit 1
    )
  )
  from public.mcp_servers s
  join public.mcp_server_health h on h.server_id = s.id,
    lateral (select s.catalogue_observed_at + make_interval(secs => p_fresh_ms / 1000.0)) as fresh (until)
  where s.id = p_server_id
$$;

-- Leases up to `p_limit` due servers for `p_lease_ms` and gives them as an array. Workspaces take turns, so that
-- one with ten thousand servers does not starve one with three. Servers that another monitor is claiming at
-- this moment are passed over. A catalogue older than `p_fresh_ms` is to be read again. With a limit of 0 a monitor only says that it is there.
create function public.claim_due_servers(
  p_monitor_id uuid, p_limit integer, p_lease_ms integer, p_fresh_ms integer,
  p_network_away_since timestamptz default null
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

  with waiting as (
    select h.server_id, h.due_at, row_number() over (partition by h.workspace_id order by h.due_at) as turn
    from public.mcp_server_health h
    where h.due_at <= v_now and (h.leased_until is null or h.leased_until <= v_now)
    order by turn, h.due_at
    -- More than wanted, since others may be taking the first ones.
    limit p_limit * 4
  ),
  free as (
    select h.server_id
    from public.mcp_server_health h join waiting w using (server_id)
    where h.due_at <= v_now and (h.leased_until is null or h.leased_until <= v_now)
    order by w.turn, w.due_at
    limit p_limit
    for update of h skip locked
  ),
  leased as (
    update public.mcp_server_health h
    set lease_id = v_lease_id, leased_until = v_now + make_interval(secs => p_lease_ms / 1000.0)
    from free where h.server_id = free.server_id
    returning h.server_id
  )
  select array_agg(server_id) into v_ids from leased;

  -- A new statement, which sees the leases.
  return coalesce((select jsonb_agg(private.probe_job(id, p_fresh_ms)) from unnest(v_ids) as id), '[]');
end
$$;

-- Takes what became of claimed servers and gives the leases back; answers how many were still held. Whoever
-- comes after the lease has run out, or after the server was edited, comes too late and changes nothing.
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
      observation jsonb, notices jsonb
    )
    order by server_id
  loop
    -- In the order in which reports and edits lock.
    perform from public.mcp_servers where id = r.server_id for update;
    update public.mcp_server_health
    set
      due_at = clock_timestamp() + make_interval(secs => (r.next_ms / 1000)::double precision),
      lease_id = null, leased_until = null, memory = r.memory,
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

-- Deletes what has grown old, some of it at a time; answers how many rows went. One monitor at a time.
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

revoke all on function
  private.schedule_server(), private.watch(uuid), private.watch_of_session(), private.probe_job(uuid, integer),
  private.heed_observation(uuid, text, text, timestamptz, boolean)
  from public;
grant execute on function
  private.watch(uuid), private.probe_job(uuid, integer),
  private.heed_observation(uuid, text, text, timestamptz, boolean)
  to service_role;
revoke all on function
  public.watch_workspace(uuid), public.claim_due_servers(uuid, integer, integer, integer, timestamptz),
  public.finish_probes(jsonb), public.prune_health(integer)
  from public, anon, authenticated;
grant execute on function public.watch_workspace(uuid) to authenticated;
grant execute on function
  public.claim_due_servers(uuid, integer, integer, integer, timestamptz), public.finish_probes(jsonb),
  public.prune_health(integer)
  to service_role;
