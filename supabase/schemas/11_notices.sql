-- Notices: what members should know about their servers without having to check.

-- Triggers, in firing order:
--   after row: deliver_notice, hint_notice
create table public.notices (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null,
  -- Null: about a webhook.
  server_id uuid,
  kind text not null,
  -- Identifies the incident, certificate or change; there is one notice per key.
  key text not null,
  details jsonb not null default '{}',
  created_at timestamptz not null default clock_timestamp(),
  -- Null: for all members.
  recipient_id uuid references auth.users (id) on delete cascade,
  constraint notices_once unique (server_id, key),
  constraint notices_kind check (kind in (
    'down', 'needs_auth', 'back', 'unstable', 'tools_changed', 'certificate', 'credential_dropped', 'credential_held',
    'webhook_paused'
  )),
  constraint notices_server foreign key (server_id, workspace_id)
    references public.mcp_servers (id, workspace_id) on update cascade on delete cascade,
  constraint notices_workspace foreign key (workspace_id) references public.workspaces (id) on delete cascade,
  constraint notices_about check ((server_id is null) = (kind = 'webhook_paused'))
);
create index notices_by_workspace on public.notices (workspace_id, created_at desc);
create index notices_of_server on public.notices (server_id, created_at desc);
create index notices_by_time on public.notices (created_at);
create index notices_by_series on public.notices ((details ->> 'series_id'), created_at);
create index notices_recipient on public.notices (recipient_id);

alter table public.notices enable row level security;
revoke all on public.notices from anon, authenticated;
grant select on public.notices to authenticated;
grant select on public.notices to api_token;
grant select, insert, update, delete on public.notices to service_role;
create policy "a token sees notices" on public.notices for select to api_token
  using (workspace_id = (select private.token_workspace_id()) and recipient_id is null);
create policy "members see their own notices and those for all" on public.notices for select to authenticated
  using (
    workspace_id = any ((select private.my_workspace_ids())::uuid[])
    and (recipient_id is null or recipient_id = (select auth.uid()))
  );

-- Triggers, in firing order:
--   before statement: a_count_write
--   before row: a_stop_large_change, a_stop_large_insert
--   after statement: count_deleted_rows, count_inserted_rows, count_updated_rows
create table public.notice_reads (
  notice_id uuid not null references public.notices (id) on delete cascade,
  user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
  read_at timestamptz not null default now(),
  primary key (notice_id, user_id)
);
create index notice_reads_user on public.notice_reads (user_id);

alter table public.notice_reads enable row level security;
revoke all on public.notice_reads from anon, authenticated;
grant select, insert (notice_id) on public.notice_reads to authenticated;
grant select, insert, update, delete on public.notice_reads to service_role;
create policy "users see what they have read" on public.notice_reads for select to authenticated
  using (user_id = (select auth.uid()));
create policy "users mark notices as read" on public.notice_reads for insert to authenticated
  with check (
    user_id = (select auth.uid()) and exists (select from public.notices n where n.id = notice_id)
  );

select private.limit_writes('public.notice_reads');

-- The kinds of the notices about a series of incidents, oldest first.
create function private.announced_kinds(p_series_id uuid) returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(n.kind order by n.created_at), '[]')
  from public.notices n where n.details ->> 'series_id' = p_series_id::text
$$;

-- Adds a notice about a server, unless it has one with this key.
create function private.add_notice(p_server_id uuid, p_kind text, p_key text, p_details jsonb) returns void
language sql set search_path = ''
as $$
  insert into public.notices (workspace_id, server_id, kind, key, details)
  select s.workspace_id, s.id, p_kind, p_key, coalesce(nullif(p_details, 'null'), '{}')
  from public.mcp_servers s where s.id = p_server_id
  on conflict (server_id, key) do nothing
$$;

-- Adds a notice that the tools of a server changed. At most one in ten minutes: later changes are added to it.
create function private.add_tools_notice(p_server_id uuid, p_change jsonb) returns void
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

-- Notifies everyone whose credential is affected by a change of a server, except the person who made it. Must run
-- before credentials are deleted; with p_is_held, the workspace's key is kept.
create function private.notify_credential_holders(p_old public.mcp_servers, p_new public.mcp_servers, p_is_held boolean)
returns void
language sql set search_path = ''
as $$
  insert into public.notices (workspace_id, server_id, recipient_id, kind, key, details)
  select p_old.workspace_id, p_old.id, m.user_id, holder.kind,
    concat_ws(':', holder.kind, p_new.config_version, m.user_id),
    jsonb_build_object(
      'credential', holder.credential,
      'old_url', private.audit_value('url', to_jsonb(p_old.url)),
      'new_url', private.audit_value('url', to_jsonb(p_new.url))
    )
  from (
    select x.entered_by, case when x.user_id is null and p_is_held then 'credential_held' else 'credential_dropped' end,
      'key'
    from public.mcp_server_secrets x
    where x.server_id = p_old.id
      and (x.user_id is not null or not p_is_held or x.address <> private.bound_address(p_new.url))
    union all
    select g.entered_by, 'credential_dropped', 'sign_in'
    from public.mcp_server_grants g where g.server_id = p_old.id
  ) holder (user_id, kind, credential)
  join public.workspace_members m on m.workspace_id = p_old.workspace_id and m.user_id = holder.user_id
  where m.user_id is distinct from private.actor_id()
  on conflict (server_id, key) do nothing
$$;

revoke all on all functions in schema private from public;
grant execute on function private.announced_kinds, private.add_notice, private.add_tools_notice to service_role;
