-- Status of servers: the history of probes, and the one way by which observations reach mcp_servers.

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

revoke all on public.mcp_server_checks from anon, authenticated;
grant select on public.mcp_server_checks to authenticated;
grant select, insert, update, delete on public.mcp_server_checks to service_role;

alter table public.mcp_server_checks enable row level security;

create policy "members see checks" on public.mcp_server_checks for select to authenticated
  using (workspace_id = any ((select private.my_workspace_ids())::uuid[]));

-- Takes observations of servers and answers how many of them became the stored status. An observation that
-- is older than the stored one, or speaks of another config_version, changes nothing; of two with the same
-- time the later one in the list counts. A time in the future counts as now, so that a reporter whose clock
-- is ahead cannot silence the others. Rows are taken in the order of their ids, so that concurrent batches
-- cannot deadlock.
create function public.report_server_status(p_observations jsonb) returns integer
language plpgsql set search_path = ''
as $$
declare
  o record;
  v_workspace_id uuid;
  v_stored_at timestamptz;
  v_applied integer := 0;
begin
  for o in
    select listed.*, least(listed.observed_at, clock_timestamp()) as at
    from rows from (
      jsonb_to_recordset(p_observations) as (
        server_id uuid, config_version integer, observed_at timestamptz, source text, status text,
        error_code text, error_message text, latency_ms numeric, protocol_version text, server_info jsonb,
        capabilities jsonb, instructions text, phases jsonb, ok boolean
      )
    ) with ordinality as listed (
      server_id, config_version, observed_at, source, status, error_code, error_message, latency_ms,
      protocol_version, server_info, capabilities, instructions, phases, ok, position
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
      delete from public.mcp_server_checks
      where server_id = o.server_id and checked_at < now() - interval '30 days';
    end if;

    continue when v_stored_at > o.at;
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
      protocol_version = coalesce(o.protocol_version, protocol_version),
      server_info = coalesce(nullif(o.server_info, 'null'), server_info),
      capabilities = coalesce(nullif(o.capabilities, 'null'), capabilities),
      instructions = coalesce(o.instructions, instructions)
    where id = o.server_id;
    v_applied := v_applied + 1;
  end loop;
  return v_applied;
end
$$;

revoke all on function public.report_server_status(jsonb) from public, anon, authenticated;
grant execute on function public.report_server_status(jsonb) to service_role;
