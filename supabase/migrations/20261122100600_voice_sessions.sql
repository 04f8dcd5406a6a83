-- Voice sessions: one row a conversation, and what its agent needs to know.

create table public.voice_sessions (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  user_id uuid not null references auth.users (id) on delete cascade,
  agent_config_id uuid references public.agent_configs (id) on delete set null,
  room_name text not null unique,
  state text not null default 'starting',
  started_at timestamptz not null default now(),
  ended_at timestamptz,
  end_reason text,
  constraint voice_sessions_state check (state in ('starting', 'active', 'ended')),
  constraint voice_sessions_end check ((state = 'ended') = (ended_at is not null)),
  constraint voice_sessions_end_reason_length check (char_length(end_reason) <= 200)
);

create index voice_sessions_by_user on public.voice_sessions (user_id, started_at desc);
create index voice_sessions_by_workspace on public.voice_sessions (workspace_id, started_at desc);
create index voice_sessions_agent_config on public.voice_sessions (agent_config_id);

revoke all on public.voice_sessions from anon, authenticated;
grant select on public.voice_sessions to authenticated;
grant select, insert, update, delete on public.voice_sessions to service_role;

alter table public.voice_sessions enable row level security;

create policy "members see their own sessions, admins all" on public.voice_sessions for select to authenticated
  using (
    workspace_id = any ((select private.my_workspace_ids(array['owner', 'admin']))::uuid[])
    or (user_id = (select auth.uid()) and workspace_id = any ((select private.my_workspace_ids())::uuid[]))
  );

-- Held by the one caller that is bringing an agent into the room.
create table private.dispatch_leases (
  session_id uuid primary key references public.voice_sessions (id) on delete cascade,
  held_until timestamptz not null
);
alter table private.dispatch_leases enable row level security;
grant select, insert, update, delete on private.dispatch_leases to service_role;

create function private.name_room() returns trigger
language plpgsql set search_path = ''
as $$
begin
  new.room_name := coalesce(new.room_name, 'pb-' || new.id);
  return new;
end
$$;
create trigger name_room before insert on public.voice_sessions
  for each row execute function private.name_room();
revoke all on function private.name_room() from public;

-- A server with its sealed credential and its tools, for the runtimes that hold the secrets key. p_user_id: for whom.
create function private.server_target(p_server_id uuid, p_user_id uuid) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'id', s.id,
    'name', s.name,
    'slug', s.slug,
    'url', s.url,
    'transport', s.transport,
    'auth_method', s.auth_method,
    'auth_header', s.auth_header,
    'credential_scope', s.credential_scope,
    'oauth_client_id', s.oauth_client_id,
    'added_by', s.user_id,
    'credential_id', case when s.auth_method = 'oauth' then private.grant_id(s, p_user_id) else x.id end,
    'call_timeout_ms', s.call_timeout_ms,
    'max_concurrency', s.max_concurrency,
    'config_version', s.config_version,
    'metadata', s.metadata,
    'connection_status', s.connection_status,
    'has_credential', x.id is not null,
    'secret', case when x.id is not null then
      jsonb_build_object('ciphertext', x.ciphertext, 'nonce', x.nonce, 'key_id', x.key_id)
    end,
    'tools', coalesce((
      select jsonb_agg(
        jsonb_build_object(
          'name', t.name,
          'title', t.title,
          'description', t.description,
          'input_schema', t.input_schema,
          'output_schema', t.output_schema,
          'annotations', t.annotations,
          'fingerprint', t.fingerprint,
          'is_enabled', t.is_enabled,
          'cache_ttl_seconds', t.cache_ttl_seconds
        )
        order by t.name
      )
      from public.mcp_tools t where t.server_id = s.id
    ), '[]')
  )
  from public.mcp_servers s left join lateral private.key_of(s, p_user_id) x on true
  where s.id = p_server_id
$$;

-- What a session should be like now: its agent and the active servers of that agent in the user's order. Null when it has ended
-- or its user is no longer a member. When its agent was deleted, the workspace's default takes over.
-- Without servers it is what a conversation begins with, and costs the same however many there are.
create function public.voice_session_snapshot(p_session_id uuid, p_with_servers boolean default true)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'session', jsonb_build_object(
      'id', v.id,
      'workspace_id', v.workspace_id,
      'user_id', v.user_id,
      'room_name', v.room_name,
      'state', v.state
    ),
    'agent', jsonb_build_object(
      'id', c.id,
      'name', c.name,
      'system_prompt', c.system_prompt,
      'voice_model', c.voice_model,
      'temperature', c.temperature,
      'greeting', c.greeting
    )
  ) || case when p_with_servers then jsonb_build_object(
    'servers', coalesce((
      select jsonb_agg(private.server_target(s.id, v.user_id) order by s.position, s.created_at, s.id)
      from public.mcp_servers s
      where s.workspace_id = v.workspace_id
        and s.is_active
        and (c.all_servers or exists (
          select from public.agent_config_servers a where a.agent_config_id = c.id and a.server_id = s.id
        ))
    ), '[]')
  ) else '{}' end
  from public.voice_sessions v
  join public.workspace_members m on m.workspace_id = v.workspace_id and m.user_id = v.user_id
  join public.agent_configs c
    on c.workspace_id = v.workspace_id
    and (c.id = v.agent_config_id or (v.agent_config_id is null and c.is_default))
  where v.id = p_session_id and v.state <> 'ended'
$$;

-- One server for a probe with the credential that p_user_id uses; null when there is none.
create function public.server_for_probe(p_server_id uuid, p_user_id uuid) returns jsonb
language sql stable set search_path = ''
as $$
  select private.server_target(s.id, p_user_id) || jsonb_build_object('workspace_id', s.workspace_id)
  from public.mcp_servers s where s.id = p_server_id
$$;

-- Answers whether the state was changed: an ended session stays ended. The reason says why the agent left; a session
-- that waits for another one has it as well.
create function public.set_session_state(p_session_id uuid, p_state text, p_end_reason text default null)
returns boolean
language plpgsql set search_path = ''
as $$
begin
  update public.voice_sessions
  set
    state = p_state,
    ended_at = case when p_state = 'ended' then now() end,
    end_reason = case when p_state <> 'active' then left(p_end_reason, 200) end
  where id = p_session_id and state <> 'ended' and state <> p_state;
  return found;
end
$$;

-- True for one caller at a time: that one may bring an agent into the room until the lease runs out.
create function public.claim_dispatch(p_session_id uuid, p_lease_ms integer) returns boolean
language plpgsql set search_path = ''
as $$
begin
  insert into private.dispatch_leases as lease (session_id, held_until)
  select v.id, clock_timestamp() + make_interval(secs => p_lease_ms / 1000.0)
  from public.voice_sessions v
  where v.id = p_session_id and v.state <> 'ended'
  on conflict (session_id) do update set held_until = excluded.held_until
    where lease.held_until <= clock_timestamp();
  return found;
end
$$;

revoke all on function private.server_target(uuid, uuid) from public;
grant execute on function private.server_target(uuid, uuid) to service_role;
revoke all on function
  public.voice_session_snapshot(uuid, boolean), public.server_for_probe(uuid, uuid),
  public.set_session_state(uuid, text, text), public.claim_dispatch(uuid, integer)
  from public, anon, authenticated;
grant execute on function
  public.voice_session_snapshot(uuid, boolean), public.server_for_probe(uuid, uuid),
  public.set_session_state(uuid, text, text), public.claim_dispatch(uuid, integer)
  to service_role;
