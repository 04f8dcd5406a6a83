-- Conversations: one row of voice_sessions each, with transcript and tool calls, and the workers that run them.

-- Triggers, in firing order:
--   before statement: a_count_write
--   before row: a_refuse_closed_account, a_stop_large_change, a_stop_large_insert, free_session_slots, set_room_name
--   after row: audit, hint_session_changed, hint_session_started, watch_session_workspace
--   after statement: count_deleted_rows, count_inserted_rows, count_updated_rows, limit_sessions,
--     limit_sessions_at_once, limit_sessions_at_once_of_user, limit_sessions_of_user
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
  constraint voice_sessions_end_reason check (end_reason in (
    'user_left', 'room_closed', 'idle', 'time_limit', 'out_of_memory', 'ended_elsewhere', 'error', 'lost',
    'nobody_joined', 'worker_drained', 'model_not_found', 'model_rejected_settings', 'model_key_rejected',
    'model_quota', 'model_unavailable'
  ))
);
create index voice_sessions_by_user on public.voice_sessions (user_id, started_at desc);
create index voice_sessions_by_workspace on public.voice_sessions (workspace_id, started_at desc);
create index voice_sessions_agent_config on public.voice_sessions (agent_config_id);
create index voice_sessions_by_end on public.voice_sessions (ended_at);
create index voice_sessions_open on public.voice_sessions (user_id) where state <> 'ended';
create index voice_sessions_open_by_workspace on public.voice_sessions (workspace_id) where state <> 'ended';

alter table public.voice_sessions enable row level security;
revoke all on public.voice_sessions from anon, authenticated;
grant select, delete on public.voice_sessions to authenticated;
grant select, insert, update, delete on public.voice_sessions to service_role;
create policy "members see their own sessions, admins all" on public.voice_sessions for select to authenticated
  using (
    workspace_id = any ((select private.my_workspace_ids(array['owner', 'admin']))::uuid[])
    or (user_id = (select auth.uid()) and workspace_id = any ((select private.my_workspace_ids())::uuid[]))
  );
create policy "users delete their own conversations" on public.voice_sessions for delete to authenticated
  using (
    user_id = (select auth.uid())
    and workspace_id = any ((select private.my_workspace_ids())::uuid[])
    and state = 'ended'
  );

select private.limit_writes('public.voice_sessions');

create trigger limit_sessions_at_once after insert on public.voice_sessions
  referencing new table as new_rows for each statement
  execute function private.enforce_limit(
    'sessions_at_once', 'workspace_id', 'state <> ''ended'' and private.counts_as_running(voice_sessions)'
  );

create trigger limit_sessions_at_once_of_user after insert on public.voice_sessions
  referencing new table as new_rows for each statement
  execute function private.enforce_limit(
    'sessions_at_once_per_user', 'user_id', 'state <> ''ended'' and private.counts_as_running(voice_sessions)'
  );

create trigger limit_sessions after insert on public.voice_sessions
  referencing new table as new_rows for each statement
  execute function private.count_uses('sessions_per_day', 'workspace_id');

create trigger limit_sessions_of_user after insert on public.voice_sessions
  referencing new table as new_rows for each statement
  execute function private.count_uses('sessions_per_day_per_user', 'user_id');

-- Only conversations that a user deletes, not those deleted by retention or together with an account.
create trigger audit after delete on public.voice_sessions
  for each row when (pg_trigger_depth() = 0 and auth.uid() is not null)
  execute function private.audit('id', 'started_at', '');

create table public.voice_transcripts (
  id uuid primary key,
  session_id uuid not null references public.voice_sessions (id) on delete cascade,
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  user_id uuid not null references auth.users (id) on delete cascade,
  role text not null,
  text text not null,
  said_at timestamptz not null,
  constraint voice_transcripts_role check (role in ('user', 'agent')),
  constraint voice_transcripts_text_length check (char_length(text) between 1 and 8000)
);
create index voice_transcripts_by_session on public.voice_transcripts (session_id, said_at);
create index voice_transcripts_user on public.voice_transcripts (user_id);
create index voice_transcripts_workspace on public.voice_transcripts (workspace_id);

alter table public.voice_transcripts enable row level security;
revoke all on public.voice_transcripts from anon, authenticated;
grant select on public.voice_transcripts to authenticated;
grant select, insert, update, delete on public.voice_transcripts to service_role;
create policy "users see their own transcripts" on public.voice_transcripts for select to authenticated
  using (user_id = (select auth.uid()) and workspace_id = any ((select private.my_workspace_ids())::uuid[]));

-- Triggers, in firing order:
--   before row: truncate_tool_call
create table public.tool_calls (
  id uuid primary key,
  -- Null: called manually, through the edge function call-tool.
  session_id uuid references public.voice_sessions (id) on delete cascade,
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  user_id uuid not null references auth.users (id) on delete cascade,
  server_id uuid references public.mcp_servers (id) on delete set null,
  tool_name text not null,
  arguments jsonb,
  outcome text not null,
  error_code text,
  started_at timestamptz not null,
  queue_ms integer,
  duration_ms integer,
  result_bytes integer,
  constraint tool_calls_tool_name_length check (char_length(tool_name) between 1 and 256),
  constraint tool_calls_outcome check (
    outcome in ('ok', 'tool_error', 'timeout', 'cancelled', 'unavailable', 'refused')
  ),
  constraint tool_calls_arguments_size check (octet_length(arguments::text) <= 16384)
);
create index tool_calls_by_session on public.tool_calls (session_id, started_at);
create index tool_calls_by_server on public.tool_calls (server_id, started_at desc);
create index tool_calls_by_workspace on public.tool_calls (workspace_id, started_at desc);
create index tool_calls_by_user on public.tool_calls (user_id, started_at desc);

-- For metrics of the last minutes, and for retention.
create index tool_calls_by_time on public.tool_calls (started_at);

alter table public.tool_calls enable row level security;
revoke all on public.tool_calls from anon, authenticated;
grant select on public.tool_calls to authenticated;
grant select, insert, update, delete on public.tool_calls to service_role;
create policy "members see their own calls, admins all" on public.tool_calls for select to authenticated
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

-- When a worker last asked for the snapshot of a conversation, which it does every 30 seconds.
create table private.session_contacts (
  session_id uuid primary key references public.voice_sessions (id) on delete cascade,
  contacted_at timestamptz not null
);

alter table private.session_contacts enable row level security;
grant select, insert, update, delete on private.session_contacts to service_role;

create table private.workers (
  id uuid primary key,
  agent_name text not null check (length(agent_name) between 1 and 200),
  version text not null check (length(version) between 1 and 100),
  started_at timestamptz not null,
  seen_at timestamptz not null,
  -- How many conversations it can run, and how many it runs.
  capacity integer not null check (capacity >= 1),
  conversations integer not null check (conversations >= 0)
);

alter table private.workers enable row level security;
grant select, insert, update, delete on private.workers to service_role;

create function private.set_room_name() returns trigger
language plpgsql set search_path = ''
as $$
begin
  new.room_name := coalesce(new.room_name, 'pb-' || new.id);
  return new;
end
$$;
create trigger set_room_name before insert on public.voice_sessions
  for each row execute function private.set_room_name();

-- Whether an open conversation counts toward the limit: not if its worker is gone.
create function private.counts_as_running(p_session public.voice_sessions) returns boolean
language sql stable set search_path = ''
as $$
  select not exists (
    select from private.session_contacts c
    where c.session_id = p_session.id and c.contacted_at < now() - interval '5 minutes'
  )
$$;

-- Frees slots before a conversation starts: ends the user's lost conversations and, if that is not enough, the oldest
-- that nobody joined within half a minute (such as a page that was reloaded while connecting).
create function private.free_session_slots() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  v_allowed integer := private.allowed('sessions_at_once_per_user', null, new.user_id);
begin
  perform private.end_lost_sessions(new.user_id);
  update public.voice_sessions v
  set state = 'ended', ended_at = now(), end_reason = 'nobody_joined'
  where v.id in (
    select s.id from public.voice_sessions s
    where s.user_id = new.user_id and s.state = 'starting' and s.started_at < now() - interval '30 seconds'
      and not exists (select from private.session_contacts c where c.session_id = s.id)
    order by s.started_at
    limit greatest(0, (
      select count(*) from public.voice_sessions o
      where o.user_id = new.user_id and o.state <> 'ended' and private.counts_as_running(o)
    ) + 1 - v_allowed)
  );
  return new;
end
$$;
create trigger free_session_slots before insert on public.voice_sessions
  for each row execute function private.free_session_slots();

-- Ends conversations that no worker ends: those that nobody joined while their token was valid, those without a
-- worker for an hour, and those past their time limit (plus two minutes, in which a worker can end them itself).
-- p_user_id: only those of one user. Returns how many.
create function private.end_lost_sessions(p_user_id uuid default null) returns integer
language plpgsql set search_path = ''
as $$
declare
  v_ended integer;
begin
  update public.voice_sessions v
  set state = 'ended', ended_at = now(), end_reason = o.reason
  from (
    select s.id, case
      when c.session_id is null and s.state = 'starting' then
        case when s.started_at < now() - interval '15 minutes' then 'nobody_joined' end
      when coalesce(c.contacted_at, s.started_at) < now() - interval '1 hour' then 'lost'
      when s.started_at < now() - make_interval(
        mins => least(private.allowed('session_minutes', s.workspace_id, null), 1000000) + 2
      ) then 'time_limit'
    end as reason
    from public.voice_sessions s left join private.session_contacts c on c.session_id = s.id
    where s.state <> 'ended' and (p_user_id is null or s.user_id = p_user_id)
  ) o
  where o.id = v.id and o.reason is not null and v.state <> 'ended';
  get diagnostics v_ended = row_count;
  return v_ended;
end
$$;

-- A server with its sealed credential and its tools, for runtimes that hold the encryption key. p_user_id: for whom.
create function private.server_target(p_server_id uuid, p_user_id uuid) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'id', s.id,
    'name', s.name,
    'slug', s.slug,
    'url', s.url,
    'transport', s.transport,
    'protocol_era', s.protocol_era,
    'auth_method', s.auth_method,
    'auth_header', s.auth_header,
    'credential_scope', s.credential_scope,
    'oauth_client_id', s.oauth_client_id,
    'added_by', s.user_id,
    'credential_id', case when s.auth_method = 'oauth' then private.grant_id(s, p_user_id) else x.id end,
    'trusts_hints', s.trusts_hints,
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
          'is_pinned', t.is_pinned,
          'cache_ttl_seconds', t.cache_ttl_seconds,
          'access', t.access
        )
        order by t.position, t.name
      )
      from public.mcp_tools t where t.server_id = s.id
    ), '[]')
  )
  from public.mcp_servers s left join lateral private.credential_for(s, p_user_id) x on true
  where s.id = p_server_id
$$;

-- Returns the current settings of a conversation: its agent, the active servers of that agent in the user's order,
-- the user's role, and `limits` (in how many ms it has to end, null for never, and after how many idle ms). Null when
-- it has ended or its user is no longer a member. If its agent was deleted, the workspace's default is used.
-- p_with_servers: false for only what a conversation starts with. A call counts as contact with the worker.
create function public.voice_session_snapshot(p_session_id uuid, p_with_servers boolean default true)
returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
  v_snapshot jsonb;
begin
  select jsonb_build_object(
    'session', jsonb_build_object(
      'id', v.id,
      'workspace_id', v.workspace_id,
      'user_id', v.user_id,
      'role', m.role,
      'room_name', v.room_name,
      'state', v.state
    ),
    'limits', jsonb_build_object(
      'ends_in_ms', (
        select ceil(1000 * greatest(0, 60.0 * minutes - extract(epoch from clock_timestamp() - v.started_at)))
        from private.allowed('session_minutes', v.workspace_id, null) as minutes where minutes is not null
      ),
      'idle_ms', 60000::bigint * private.allowed('session_idle_minutes', v.workspace_id, null)
    ),
    'agent', jsonb_build_object(
      'id', c.id,
      'name', c.name,
      'system_prompt', c.system_prompt,
      'voice_model', c.voice_model,
      'temperature', c.temperature,
      'greeting', c.greeting,
      'provider', c.provider,
      'model', c.model,
      'reasoning_effort', c.reasoning_effort,
      'turn_detection', c.turn_detection,
      'turn_eagerness', c.turn_eagerness,
      'language', c.language
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
  into v_snapshot
  from public.voice_sessions v
  join public.workspace_members m on m.workspace_id = v.workspace_id and m.user_id = v.user_id
  join public.agent_configs c
    on c.workspace_id = v.workspace_id
    and (c.id = v.agent_config_id or (v.agent_config_id is null and c.is_default))
  where v.id = p_session_id and v.state <> 'ended';

  if v_snapshot is not null then
    insert into private.session_contacts as k (session_id, contacted_at) values (p_session_id, clock_timestamp())
    on conflict (session_id) do update set contacted_at = excluded.contacted_at
      where k.contacted_at < excluded.contacted_at - interval '20 seconds';
  end if;
  return v_snapshot;
end
$$;

-- Returns a server with the credential that p_user_id uses, for a probe; null if it doesn't exist.
create function public.server_for_probe(p_server_id uuid, p_user_id uuid) returns jsonb
language sql stable set search_path = ''
as $$
  select private.server_target(s.id, p_user_id) || jsonb_build_object('workspace_id', s.workspace_id)
  from public.mcp_servers s where s.id = p_server_id
$$;

-- Sets the state of a conversation and returns whether it changed; an ended one stays ended. p_end_reason: why the
-- agent left, also for a conversation that waits for another agent.
create function public.set_session_state(p_session_id uuid, p_state text, p_end_reason text default null)
returns boolean
language plpgsql set search_path = ''
as $$
begin
  update public.voice_sessions
  set
    state = p_state,
    ended_at = case when p_state = 'ended' then now() end,
    end_reason = case when p_state <> 'active' then p_end_reason end
  where id = p_session_id and state <> 'ended' and state <> p_state;
  return found;
end
$$;

-- Ends a conversation from elsewhere: the caller's own, or any in a workspace for its owners and admins. The agent
-- leaves the room at once. PT404: the caller can't end such a conversation.
create function public.end_conversation(p_session_id uuid) returns void
language plpgsql security definer set search_path = ''
as $$
begin
  if not exists (
    select from public.voice_sessions v
    where v.id = p_session_id and (
      v.user_id = auth.uid() or v.workspace_id = any (private.my_workspace_ids(array['owner', 'admin']))
    )
  ) then
    raise exception using errcode = 'PT404', message = 'There is no such conversation.';
  end if;
  update public.voice_sessions set state = 'ended', ended_at = now(), end_reason = 'ended_elsewhere'
  where id = p_session_id and state <> 'ended';
end
$$;

-- Returns true to one caller at a time, who may bring an agent into the room until the lease ends.
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

-- Stores what was said and returns how many lines were new. The caller creates the ids, so a repeated report counts
-- once. Skips lines of deleted conversations and of workspaces that keep no transcripts.
create function public.record_transcript(p_lines jsonb) returns integer
language plpgsql set search_path = ''
as $$
declare
  v_recorded integer;
begin
  insert into public.voice_transcripts (id, session_id, workspace_id, user_id, role, text, said_at)
  select l.id, v.id, v.workspace_id, v.user_id, l.role, left(l.text, 8000), l.said_at
  from jsonb_to_recordset(p_lines) as l (id uuid, session_id uuid, role text, text text, said_at timestamptz)
  join public.voice_sessions v on v.id = l.session_id
  join public.workspaces w on w.id = v.workspace_id and w.keep_transcripts
  on conflict (id) do nothing;
  get diagnostics v_recorded = row_count;
  return v_recorded;
end
$$;

-- Replaces arguments that are too large, and sets a deleted server to null.
create function private.truncate_tool_call() returns trigger
language plpgsql set search_path = ''
as $$
begin
  new.tool_name := coalesce(nullif(left(new.tool_name, 256), ''), '?');
  new.error_code := left(new.error_code, 100);
  if octet_length(new.arguments::text) > 16384 then
    new.arguments := '{"truncated": true}';
  end if;
  if not exists (
    select from public.mcp_servers s where s.id = new.server_id and s.workspace_id = new.workspace_id
  ) then
    new.server_id := null;
  end if;
  return new;
end
$$;
create trigger truncate_tool_call before insert on public.tool_calls
  for each row execute function private.truncate_tool_call();

create function private.insert_tool_calls(p_calls jsonb) returns integer
language plpgsql set search_path = ''
as $$
declare
  v_recorded integer;
begin
  insert into public.tool_calls (
    id, session_id, workspace_id, user_id, server_id, tool_name, arguments, outcome, error_code, started_at,
    queue_ms, duration_ms, result_bytes
  )
  select
    c.id, v.id, v.workspace_id, v.user_id, c.server_id, c.tool_name, nullif(c.arguments, 'null'),
    c.outcome, c.error_code, c.started_at, private.as_integer(c.queue_ms), private.as_integer(c.duration_ms),
    private.as_integer(c.result_bytes)
  from jsonb_to_recordset(p_calls) as c (
    id uuid, session_id uuid, server_id uuid, tool_name text, arguments jsonb, outcome text, error_code text,
    started_at timestamptz, queue_ms numeric, duration_ms numeric, result_bytes numeric
  )
  join public.voice_sessions v on v.id = c.session_id
  on conflict (id) do nothing;
  get diagnostics v_recorded = row_count;
  return v_recorded;
end
$$;

-- Stores finished tool calls and returns how many were new. The caller creates the ids, so a repeated report counts
-- once. Skips calls of deleted conversations. If one call can't be stored, the others still are.
create function public.record_tool_calls(p_calls jsonb) returns integer
language plpgsql set search_path = ''
as $$
declare
  v_call jsonb;
  v_recorded integer := 0;
begin
  return private.insert_tool_calls(p_calls);
exception when data_exception or integrity_constraint_violation then
  for v_call in select value from jsonb_array_elements(p_calls) loop
    begin
      v_recorded := v_recorded + private.insert_tool_calls(jsonb_build_array(v_call));
    exception when data_exception or integrity_constraint_violation then
      raise warning 'a tool call was not recorded: % %', sqlstate, sqlerrm;
    end;
  end loop;
  return v_recorded;
end
$$;

-- Returns how long recent calls of each tool took, oldest first, to estimate the next one. Cached answers, which were
-- never queued, are left out.
create function public.recent_call_times(p_session_id uuid)
returns table (server_id uuid, tool_name text, durations_ms integer[])
language sql stable set search_path = ''
as $$
  select s.id, recent.tool_name, array_agg(recent.duration_ms order by recent.started_at)
  from public.voice_sessions v
  join public.mcp_servers s on s.workspace_id = v.workspace_id and s.is_active
  cross join lateral (
    select c.tool_name, c.duration_ms, c.started_at
    from public.tool_calls c
    where c.server_id = s.id and c.outcome in ('ok', 'timeout') and c.queue_ms is not null and c.duration_ms is not null
    order by c.started_at desc
    limit 50
  ) recent
  where v.id = p_session_id
  group by s.id, recent.tool_name
$$;

-- Reports every 20 seconds that a worker is alive. The id is new for each start of the process.
create function public.report_worker(
  p_id uuid, p_agent_name text, p_version text, p_capacity integer, p_conversations integer
) returns void
language sql set search_path = ''
as $$
  insert into private.workers as w (id, agent_name, version, started_at, seen_at, capacity, conversations)
  values (
    p_id, p_agent_name, p_version, clock_timestamp(), clock_timestamp(), p_capacity, p_conversations
  )
  on conflict (id) do update set
    seen_at = excluded.seen_at, capacity = excluded.capacity, conversations = excluded.conversations
$$;

-- Removes a worker that drains and takes no more conversations.
create function public.retire_worker(p_id uuid) returns void
language sql set search_path = ''
as $$
  delete from private.workers where id = p_id
$$;

-- Lists the workers that reported within the last minute, oldest first.
create function public.live_workers()
returns table (
  agent_name text, version text, started_at timestamptz, capacity integer, conversations integer
)
language sql stable set search_path = ''
as $$
  select w.agent_name, w.version, w.started_at, w.capacity, w.conversations
  from private.workers w
  where w.seen_at > clock_timestamp() - interval '60 seconds'
  order by w.started_at, w.id
$$;

revoke all on all functions in schema private from public;
revoke all on function
  public.voice_session_snapshot, public.server_for_probe, public.set_session_state, public.end_conversation,
  public.claim_dispatch, public.record_transcript, public.record_tool_calls, public.recent_call_times,
  public.report_worker, public.retire_worker, public.live_workers
  from public, anon, authenticated;
grant execute on function
  private.server_target, public.voice_session_snapshot, public.server_for_probe, public.set_session_state,
  public.claim_dispatch, public.record_transcript, private.insert_tool_calls, public.record_tool_calls,
  public.recent_call_times, public.report_worker, public.retire_worker, public.live_workers
  to service_role;
grant execute on function public.end_conversation to authenticated;
