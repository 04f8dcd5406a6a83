-- Who is charged for a workspace is one of its owners, whatever became of its creator: an account that made many
-- workspaces, handed them over and was deleted left each of them with shares of its own. Revocations take turns as well,
-- exports count before they read, and a name with very many addresses takes few locks.

-- Who is charged for what a workspace does: its creator while an owner of it, else the owner who came first, else the
-- workspace itself.
create or replace function private.owner_of(p_workspace_id uuid) returns uuid
language sql stable set search_path = ''
as $$
  select coalesce(
    (
      select m.user_id
      from public.workspace_members m join public.workspaces w on w.id = m.workspace_id
      where m.workspace_id = p_workspace_id and m.role = 'owner'
      order by m.user_id = w.created_by desc, m.created_at, m.user_id
      limit 1
    ),
    p_workspace_id
  )
$$;

-- Leases up to `p_limit` due servers for `p_lease_ms` and returns them as an array. Owners take turns, then their
-- workspaces, then their servers; `p_held` has how many servers of each owner the monitor holds already, and they count
-- as turns taken. An owner holds at most as many as it leaves free (agent-worker/src/fair-slots.ts). Servers that another
-- monitor is claiming at this moment are passed over. A catalogue older than `p_fresh_ms` is to be read again. With a
-- limit of 0 a monitor only says that it is there.
create or replace function public.claim_due_servers(
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

-- Leases messages that are due and returns them with address and sealed key. One message of a webhook is in flight at a
-- time. Owners take turns; what an owner has in flight counts as turns taken, and an owner holds at most as many as it
-- leaves free (agent-worker/src/fair-slots.ts).
create or replace function public.claim_deliveries(p_limit integer, p_lease_ms integer) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_lease_id uuid := gen_random_uuid();
  v_ids uuid[];
begin
  with flying as (
    select d.webhook_id, private.owner_of(d.workspace_id) as owner_id
    from public.webhook_deliveries d
    where d.lease_id is not null and d.leased_until > v_now
  ),
  due as (
    select f.id, f.due_at, private.owner_of(f.workspace_id) as owner_id
    from (
      select distinct on (d.webhook_id) d.id, d.due_at, d.workspace_id
      from public.webhook_deliveries d
      where d.due_at <= v_now and (d.leased_until is null or d.leased_until <= v_now)
        and not exists (select from flying f where f.webhook_id = d.webhook_id)
      order by d.webhook_id, d.due_at, d.id
    ) f
  ),
  owned as (
    select d.id, d.due_at, (select count(*) from flying f where f.owner_id = d.owner_id)
      + row_number() over (partition by d.owner_id order by d.due_at) as turn
    from due d
  ),
  waiting as (
    select o.*, row_number() over (order by o.turn, o.due_at) as place from owned o
  ),
  free as (
    select d.id from public.webhook_deliveries d join waiting w using (id)
    where d.due_at <= v_now and (d.leased_until is null or d.leased_until <= v_now)
      and w.turn + w.place <= p_limit + 1
    order by w.turn, w.due_at
    limit p_limit
    for update of d skip locked
  ),
  leased as (
    update public.webhook_deliveries d
    set lease_id = v_lease_id, leased_until = v_now + make_interval(secs => p_lease_ms / 1000.0)
    from free where d.id = free.id
    returning d.id
  )
  select array_agg(id) into v_ids from leased;
  return coalesce((
    select jsonb_agg(jsonb_build_object(
      'id', d.id, 'lease_id', d.lease_id, 'webhook_id', d.webhook_id, 'workspace_id', d.workspace_id,
      'body', d.body, 'attempts', d.attempts, 'url', w.url,
      'secret', jsonb_build_object('ciphertext', x.ciphertext, 'nonce', x.nonce, 'key_id', x.key_id)
    ))
    from public.webhook_deliveries d
    join public.notice_webhooks w on w.id = d.webhook_id
    join public.notice_webhook_secrets x on x.webhook_id = d.webhook_id
    where d.id = any (v_ids)
  ), '[]');
end
$$;

-- Counts requests to a host before they are made; `p_hosts` are the names under which it counts: its host name, and each
-- address that it resolves to (`name:…`, `address:…`). An address may stand for many sites, so it is allowed twice as many.
-- An owner may make as many requests as it leaves free (shared/src/fair-slots.ts): one owner half of what is allowed,
-- two a third each. Who is charged: an owner of the workspace, or without one the user. Of many addresses the first 16
-- count, and no others are tried (shared/src/mcp/outgoing-fetch.ts): each takes a lock until the end of the transaction.
-- Returns {"wait_s", "at_once"}: 0, or the seconds after which to try again, and then nothing was counted.
create or replace function public.count_host_requests(
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
    -- In the order of the hosts, so that two that count several wait for each other.
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

-- Leases revocations that are due. Workspaces take turns: authorization servers of one that hang hold up nobody else's.
create or replace function public.claim_revocations(p_limit integer) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_claimed jsonb;
begin
  delete from private.grant_revocations where attempts >= 5 and due_at <= v_now;
  with waiting as (
    select r.id, r.due_at, row_number() over (partition by r.sealed_for order by r.due_at) as turn
    from private.grant_revocations r where r.due_at <= v_now
  ), due as (
    select r.id from private.grant_revocations r join waiting w using (id)
    where r.due_at <= v_now
    order by w.turn, w.due_at limit p_limit for update of r skip locked
  ), claimed as (
    update private.grant_revocations r
    set attempts = r.attempts + 1, due_at = clock_timestamp() + interval '1 minute' * power(6, r.attempts)
    from due where r.id = due.id
    returning r.*
  )
  select coalesce(jsonb_agg(jsonb_build_object(
    'id', c.id, 'workspace_id', c.sealed_for,
    'secret', jsonb_build_object('ciphertext', c.ciphertext, 'nonce', c.nonce, 'key_id', c.key_id)
  )), '[]')
  into v_claimed
  from claimed c;
  return v_claimed;
end
$$;

-- The document of a workspace, for any of its members; the audit trail says how much was exported. Tools are listed
-- where the user chose something for them. An export counts as a write before anything is read, so one that is refused
-- costs nothing, and those of one user wait for each other. PT404: no such workspace.
create or replace function public.export_workspace(p_workspace_id uuid) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_document jsonb;
begin
  perform private.count_writes(1);
  v_document := private.workspace_document(p_workspace_id);
  perform private.record_event(p_workspace_id, 'export', 'workspaces', jsonb_build_object(
    'servers', jsonb_build_object('to', jsonb_array_length(v_document -> 'servers')),
    'agents', jsonb_build_object('to', jsonb_array_length(v_document -> 'agents'))
  ));
  return v_document;
end
$$;
drop trigger a_count_export on public.audit_events;
drop function private.count_export();
