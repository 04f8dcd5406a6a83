-- Hints: small private broadcasts on `workspace:<id>` that tell clients to resync. Payloads are picked by hand, so
-- that no column reaches a client by accident. A lost hint costs a few seconds, never correctness.

create function private.send_hint(p_workspace_id uuid, p_event text, p_payload jsonb) returns void
language sql security definer set search_path = ''
as $$
  select realtime.send(p_payload, p_event, 'workspace:' || p_workspace_id, true)
$$;

-- One transaction can touch many servers of a workspace (a batch of reports, a renamed tag, an import). After 20
-- hints, one `servers.changed` asks clients to resync all of them. Hints are sent on commit, so the resync sees
-- everything.
create function private.send_server_hint(p_workspace_id uuid, p_event text, p_payload jsonb) returns void
language plpgsql security definer set search_path = ''
as $$
declare
  v_sent jsonb := coalesce(nullif(current_setting('patchbay.server_hints', true), ''), '{}');
  v_count integer := coalesce((v_sent ->> p_workspace_id::text)::integer, 0);
begin
  if v_count > 20 then
    return;
  end if;
  perform set_config(
    'patchbay.server_hints', (v_sent || jsonb_build_object(p_workspace_id::text, v_count + 1))::text, true
  );
  if v_count = 20 then
    perform private.send_hint(p_workspace_id, 'servers.changed', '{}');
  else
    perform private.send_hint(p_workspace_id, p_event, p_payload);
  end if;
end
$$;

create function private.is_my_topic(p_topic text) returns boolean
language sql stable security definer set search_path = ''
as $$
  select exists (
    select from public.workspace_members m
    where m.user_id = (select auth.uid()) and p_topic = 'workspace:' || m.workspace_id
  )
$$;

-- Clients may listen but not send. Realtime evaluates this when a channel is joined and at each new token (after an
-- hour at most, see jwt_expiry), so a removed member gets hints until then. The rows are closed at once, and
-- `members.changed` makes the page of the removed member leave.
create policy "members receive the hints of their workspace" on realtime.messages for select to authenticated
  using (extension = 'broadcast' and (select private.is_my_topic((select realtime.topic()))));

create function private.hint_server() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if tg_op = 'DELETE' or (tg_op = 'UPDATE' and new.workspace_id <> old.workspace_id) then
    perform private.send_server_hint(old.workspace_id, 'server.changed', jsonb_build_object(
      'server_id', old.id, 'op', 'delete', 'config_version', old.config_version
    ));
  end if;
  if tg_op = 'INSERT' or (tg_op = 'UPDATE' and new.workspace_id <> old.workspace_id) then
    perform private.send_server_hint(new.workspace_id, 'server.changed', jsonb_build_object(
      'server_id', new.id, 'op', 'insert', 'config_version', new.config_version
    ));
  elsif tg_op = 'UPDATE' and (new.updated_at, new.config_version, new.position)
    is distinct from (old.updated_at, old.config_version, old.position)
  then
    perform private.send_server_hint(new.workspace_id, 'server.changed', jsonb_build_object(
      'server_id', new.id, 'op', 'update', 'config_version', new.config_version
    ));
  end if;
  return null;
end
$$;
create trigger hint_server after insert or update or delete on public.mcp_servers
  for each row execute function private.hint_server();

create function private.hint_server_status() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  -- Latency alone changes with every probe, so it only matters while someone watches.
  if (new.connection_status, new.error_code, new.error_message, new.tool_count, new.consecutive_failures)
    is not distinct from
    (old.connection_status, old.error_code, old.error_message, old.tool_count, old.consecutive_failures)
    and not exists (
      select from private.watched_workspaces w
      where w.workspace_id = new.workspace_id and w.watched_until > clock_timestamp()
    )
  then
    return null;
  end if;
  perform private.send_server_hint(new.workspace_id, 'server.status', jsonb_build_object(
    'server_id', new.id,
    'connection_status', new.connection_status,
    'error_code', new.error_code,
    'error_message', new.error_message,
    'latency_ms', new.latency_ms,
    'tool_count', new.tool_count,
    'status_observed_at', new.status_observed_at,
    'consecutive_failures', new.consecutive_failures
  ));
  return null;
end
$$;
create trigger hint_server_status after update on public.mcp_servers
  for each row
  when (
    (new.connection_status, new.error_code, new.error_message, new.latency_ms, new.tool_count,
     new.consecutive_failures)
    is distinct from
    (old.connection_status, old.error_code, old.error_message, old.latency_ms, old.tool_count,
     old.consecutive_failures)
  )
  execute function private.hint_server_status();

-- One hint per server and statement, and none when the server itself is deleted.
create function private.hint_tools() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.send_server_hint(s.workspace_id, 'tools.changed', jsonb_build_object('server_id', s.id))
  from public.mcp_servers s where s.id in (select t.server_id from changed_tools t);
  return null;
end
$$;
create trigger hint_tools_added after insert on public.mcp_tools
  referencing new table as changed_tools
  for each statement execute function private.hint_tools();
create trigger hint_tools_removed after delete on public.mcp_tools
  referencing old table as changed_tools
  for each statement execute function private.hint_tools();

-- A list that was read again without changes sends no hint.
create function private.hint_tools_updated() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.send_server_hint(s.workspace_id, 'tools.changed', jsonb_build_object('server_id', s.id))
  from public.mcp_servers s
  where s.id in (
    select n.server_id from new_tools n join old_tools o using (id)
    where (n.fingerprint, n.is_enabled, n.is_pinned, n.cache_ttl_seconds, n.access)
      is distinct from (o.fingerprint, o.is_enabled, o.is_pinned, o.cache_ttl_seconds, o.access)
  );
  return null;
end
$$;
create trigger hint_tools_updated after update on public.mcp_tools
  referencing old table as old_tools new table as new_tools
  for each statement execute function private.hint_tools_updated();

create function private.hint_agent() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  v_row public.agent_configs := case when tg_op = 'DELETE' then old else new end;
begin
  perform private.send_hint(v_row.workspace_id, 'agent_config.changed', jsonb_build_object(
    'agent_config_id', v_row.id, 'op', lower(tg_op)
  ));
  return null;
end
$$;
create trigger hint_agent after insert or update or delete on public.agent_configs
  for each row execute function private.hint_agent();

create function private.hint_agent_servers() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.send_hint(c.workspace_id, 'agent_config.changed', jsonb_build_object(
    'agent_config_id', c.id, 'op', 'update'
  ))
  from public.agent_configs c where c.id in (select r.agent_config_id from changed_rows r);
  return null;
end
$$;
create trigger hint_agent_servers_added after insert on public.agent_config_servers
  referencing new table as changed_rows
  for each statement execute function private.hint_agent_servers();
create trigger hint_agent_servers_removed after delete on public.agent_config_servers
  referencing old table as changed_rows
  for each statement execute function private.hint_agent_servers();

create function private.hint_session() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.send_hint(new.workspace_id, 'session.changed', jsonb_build_object(
    'session_id', new.id, 'state', new.state
  ));
  return null;
end
$$;
create trigger hint_session_started after insert on public.voice_sessions
  for each row execute function private.hint_session();
create trigger hint_session_changed after update of state on public.voice_sessions
  for each row when (new.state <> old.state) execute function private.hint_session();

create function private.hint_members() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  v_row public.workspace_members := case when tg_op = 'DELETE' then old else new end;
begin
  perform private.send_hint(v_row.workspace_id, 'members.changed', jsonb_build_object(
    'user_id', v_row.user_id, 'op', lower(tg_op)
  ));
  return null;
end
$$;
create trigger hint_members after insert or delete or update of role on public.workspace_members
  for each row execute function private.hint_members();

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

revoke all on all functions in schema private from public;
grant execute on function private.is_my_topic to authenticated;
