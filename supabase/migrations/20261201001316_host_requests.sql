-- How many requests go to one host, of all tenants together: whoever adds a hundred servers with one address makes no
-- tool to attack it with. Owners share the allowance, so that none uses up that of a host on which others rely.

insert into public.limits (name, allowed) values
  ('host_requests_per_minute', 600),
  -- Of one process.
  ('host_requests_at_once', 20);

-- One row for a host and one for each owner who made requests to it; hosts by their hash, so rows are small.
create table private.host_requests (
  host bigint not null,
  -- Null: all owners together.
  owner_id uuid,
  -- The minute, which begins at another second for each host.
  minute bigint not null,
  requests integer not null,
  constraint host_requests_unique unique nulls not distinct (host, owner_id)
);
create index host_requests_minute on private.host_requests (minute);
alter table private.host_requests enable row level security;
grant select, insert, update, delete on private.host_requests to service_role;

-- Counts requests to a host before they are made; `p_hosts` are the names under which it counts: its host name, and each
-- address that it resolves to (`name:…`, `address:…`). An address may stand for many sites, so it is allowed twice as many.
-- An owner may make as many requests as it leaves free (shared/src/fair-slots.ts): one owner half of what is allowed,
-- two a third each. Who is charged: the creator of the workspace, or without one the user.
-- Returns {"wait_s", "at_once"}: 0, or the seconds after which to try again, and then nothing was counted.
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
    from unnest(p_hosts) as name group by 1 order by 1
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
    from (select distinct hashtextextended(name, 0) as id from unnest(p_hosts) as name) hosts,
      unnest(array[null, v_owner_id]) as owner_id
    on conflict on constraint host_requests_unique do update set
      requests = case when r.minute = excluded.minute then r.requests else 0 end + excluded.requests,
      minute = excluded.minute;
    delete from private.host_requests where ctid in (
      select ctid from private.host_requests where minute < floor(v_now / 60) - 1 limit 20 for update skip locked
    );
  end if;
  return jsonb_build_object('wait_s', v_wait, 'at_once', v_at_once);
end
$$;

revoke all on function public.count_host_requests(text[], integer, uuid, uuid) from public, anon, authenticated;
grant execute on function public.count_host_requests(text[], integer, uuid, uuid) to service_role;
