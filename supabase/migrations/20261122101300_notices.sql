-- Notices: what members of a workspace should know about its servers without having looked.

create table public.notices (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null,
  server_id uuid not null,
  kind text not null,
  -- One notice for each: names the incident, the certificate or the change that it is about.
  key text not null,
  details jsonb not null default '{}',
  created_at timestamptz not null default clock_timestamp(),
  constraint notices_once unique (server_id, key),
  constraint notices_kind check (
    kind in ('down', 'needs_auth', 'back', 'unstable', 'tools_changed', 'certificate')
  ),
  constraint notices_server foreign key (server_id, workspace_id)
    references public.mcp_servers (id, workspace_id) on update cascade on delete cascade
);

create index notices_by_workspace on public.notices (workspace_id, created_at desc);
create index notices_of_server on public.notices (server_id, created_at desc);
create index notices_by_time on public.notices (created_at);
create index notices_by_series on public.notices ((details ->> 'series_id'), created_at);

create table public.notice_reads (
  notice_id uuid not null references public.notices (id) on delete cascade,
  user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
  read_at timestamptz not null default now(),
  primary key (notice_id, user_id)
);
create index notice_reads_user on public.notice_reads (user_id);

revoke all on public.notices, public.notice_reads from anon, authenticated;
grant select on public.notices to authenticated;
grant select, insert (notice_id) on public.notice_reads to authenticated;
grant select, insert, update, delete on public.notices, public.notice_reads to service_role;

alter table public.notices enable row level security;
alter table public.notice_reads enable row level security;

create policy "members see notices" on public.notices for select to authenticated
  using (workspace_id = any ((select private.my_workspace_ids())::uuid[]));
create policy "everyone sees what they have read" on public.notice_reads for select to authenticated
  using (user_id = (select auth.uid()));
create policy "everyone reads for themselves" on public.notice_reads for insert to authenticated
  with check (
    user_id = (select auth.uid()) and exists (select from public.notices n where n.id = notice_id)
  );

-- Kinds of the notices of a series of incidents, the oldest first.
create function private.announced(p_series_id uuid) returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(n.kind order by n.created_at), '[]')
  from public.notices n where n.details ->> 'series_id' = p_series_id::text
$$;

-- Adds a notice about a server, unless there is one of this key.
create function private.add_notice(p_server_id uuid, p_kind text, p_key text, p_details jsonb) returns void
language sql set search_path = ''
as $$
  insert into public.notices (workspace_id, server_id, kind, key, details)
  select s.workspace_id, s.id, p_kind, p_key, coalesce(nullif(p_details, 'null'), '{}')
  from public.mcp_servers s where s.id = p_server_id
  on conflict (server_id, key) do nothing
$$;

-- Tells of the latest incident of a server: once for its series, and of its end once for each incident.
create function private.notice_incident(p_server_id uuid, p_kind text) returns void
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

-- Tells that the tools of a server are others than they were. A server that changes them all the time is
-- told of once in ten minutes; what changes in between is added to that notice.
create function private.notice_tools_changed(p_server_id uuid, p_change jsonb) returns void
language plpgsql set search_path = ''
as $$
declare
  v_recent uuid;
begin
  if p_change -> 'added' = '[]' and p_change -> 'changed' = '[]' and p_change -> 'removed' = '[]' then
    return;
  end if;
  select n.id into v_recent from public.notices n
  where n.server_id = p_server_id and n.kind = 'tools_changed'
    and n.created_at > clock_timestamp() - interval '10 minutes'
  order by n.created_at desc limit 1;
  if v_recent is null then
    perform private.add_notice(
      p_server_id, 'tools_changed', 'tools:' || extract(epoch from clock_timestamp()), p_change - 'stored'
    );
    return;
  end if;
  update public.notices
  set details = (
    select jsonb_object_agg(field, (
      select coalesce(jsonb_agg(distinct name order by name), '[]')
      from jsonb_array_elements_text(details -> field || (p_change -> field)) as name
    ))
    from unnest(array['added', 'changed', 'removed']) as field
  )
  where id = v_recent;
end
$$;

create function private.hint_notice() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.send_hint(new.workspace_id, 'notice.created', jsonb_build_object(
    'notice_id', new.id, 'server_id', new.server_id, 'kind', new.kind
  ));
  return null;
end
$$;
create trigger hint_notice after insert on public.notices
  for each row execute function private.hint_notice();

revoke all on function
  private.announced(uuid), private.add_notice(uuid, text, text, jsonb), private.notice_incident(uuid, text),
  private.notice_tools_changed(uuid, jsonb), private.hint_notice()
  from public;
grant execute on function
  private.announced(uuid), private.add_notice(uuid, text, text, jsonb), private.notice_incident(uuid, text),
  private.notice_tools_changed(uuid, jsonb)
  to service_role;
