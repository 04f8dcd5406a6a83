-- What a conversation, a call or a test finds well needs no probe: a second connection beside one that works is a load
-- on the server, and ends the first one where a server takes one client only.

-- Until then somebody else's good news stand in for a probe.
alter table public.mcp_server_health add column confirmed_until timestamptz;

create or replace function private.schedule_server() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  insert into public.mcp_server_health as h (server_id, workspace_id, due_at)
  values (new.id, new.workspace_id, case when new.is_active then clock_timestamp() + interval '5 seconds' end)
  on conflict (server_id) do update set
    due_at = excluded.due_at, lease_id = null, leased_until = null, memory = '{}', certificate_expires_at = null,
    catalogue_digest = null, confirmed_until = null;
  update public.mcp_server_incidents set ended_at = greatest(clock_timestamp(), started_at)
  where server_id = new.id and ended_at is null;
  return null;
end
$$;

-- Keeps a workspace watched for the next 90 seconds. When it was not, its servers come up for a probe: after `p_wait`
-- where something is wrong or nothing was heard for a minute, the others when their minute is over.
create function private.watch(p_workspace_id uuid, p_wait interval) returns void
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
      else v_now + p_wait + random() * interval '2 seconds'
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

-- For a conversation, which connects to the servers itself: they have time to do so before a monitor does.
create or replace function private.watch(p_workspace_id uuid) returns void
language sql security definer set search_path = ''
as $$ select private.watch(p_workspace_id, interval '15 seconds') $$;

create or replace function public.watch_workspace(p_workspace_id uuid) returns jsonb
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

-- What an applied observation means for the schedule. A change that somebody else saw comes before a monitor at once,
-- whose decisions notices rest on; good news are a finding for it, anything else it looks at itself. A conversation
-- says every 30 seconds that a server is well.
create or replace function private.heed_observation(
  p_server_id uuid, p_source text, p_status text, p_at timestamptz, p_is_change boolean
) returns void
language plpgsql set search_path = ''
as $$
begin
  if p_source = 'monitor' or p_status not in ('connected', 'error', 'needs_auth') then
    return;
  end if;
  update public.mcp_server_health
  set
    confirmed_until = case when p_status = 'connected' then p_at + interval '50 seconds' end,
    due_at = case
      -- Switched off, or in the hands of a monitor that lives.
      when due_at is null or leased_until > clock_timestamp() then due_at
      when p_is_change then clock_timestamp() + interval '2 seconds'
      else p_at + interval '75 seconds'
    end
  where server_id = p_server_id;
end
$$;

create or replace function private.probe_job(p_server_id uuid, p_fresh_ms integer) returns jsonb
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
    -- Somebody else found it well a moment ago.
    'is_confirmed', coalesce(h.confirmed_until > clock_timestamp(), false) and s.connection_status = 'connected',
    'wants_tools', fresh.until is null or fresh.until <= clock_timestamp(),
    -- Lets a list that is still the same be told from another without sending it. None where more may be stored now.
    'catalogue_digest', case
      when fresh.until <= clock_timestamp() and (
        s.tools_over_limit = 0
        or private.allowed('tools_per_server', s.workspace_id, null) <= s.tool_count
      ) then h.catalogue_digest
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

-- Takes what became of claimed servers and gives the leases back; answers how many were still held. Whoever
-- comes after the lease has run out, or after the server was edited, comes too late and changes nothing.
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
      observation jsonb, notices jsonb
    )
    order by server_id
  loop
    -- In the order in which reports and edits lock.
    perform from public.mcp_servers where id = r.server_id for update;
    -- A conversation that works disproves a probe that failed beside it.
    update public.mcp_server_health
    set due_at = confirmed_until, lease_id = null, leased_until = null
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

revoke all on function private.watch(uuid, interval) from public;
grant execute on function private.watch(uuid, interval) to service_role;
