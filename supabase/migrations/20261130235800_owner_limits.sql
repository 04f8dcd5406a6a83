-- Servers of one owner in all their workspaces together, and what may be made in a day: deleting and making again, or
-- spreading over many workspaces, gets nobody past a limit.

alter table public.limits drop constraint limits_name;
alter table public.limits add constraint limits_name check (name in (
  'workspaces_per_user', 'members', 'open_invitations', 'api_tokens', 'servers', 'servers_per_user',
  'tools_per_server', 'tool_settings_per_server', 'agents',
  'sessions_per_day', 'sessions_per_day_per_user', 'sessions_at_once', 'sessions_at_once_per_user',
  'session_minutes', 'session_idle_minutes', 'workspaces_per_day_per_user', 'servers_per_day_per_user',
  'invitations_per_day_per_user', 'api_tokens_per_day_per_user',
  'probes_per_minute', 'probes_per_minute_per_user', 'voice_tokens_per_minute', 'voice_tokens_per_minute_per_user',
  'function_calls_per_minute', 'function_calls_per_minute_per_user', 'token_calls_per_minute',
  'writes_per_minute_per_user', 'host_requests_per_minute', 'host_requests_at_once'
));
insert into public.limits (name, allowed) values
  ('servers_per_user', 1000),
  -- A new workspace has new rates of its own, a new token too, and a new server is probed at once.
  ('workspaces_per_day_per_user', 100),
  ('servers_per_day_per_user', 2000),
  ('invitations_per_day_per_user', 200),
  ('api_tokens_per_day_per_user', 100);

-- Every refusal for a limit: PT409, or PT429 for a rate. The message has the limit in words, what is used, and what
-- helps; `details` is {"limit", "allowed", "used"}, and "retry_after_s" where waiting that many seconds helps.
create or replace function private.refuse_limit(
  p_limit text, p_allowed integer, p_used bigint, p_adding bigint default 1, p_retry_after_s integer default null
) returns void
language plpgsql set search_path = ''
as $$
begin
  raise exception using
    errcode = case when p_limit like '%\_per\_day%' or p_limit like '%\_per\_minute%' then 'PT429' else 'PT409' end,
    message = format(
      'The limit of %s %s is reached: %s',
      p_allowed,
      case p_limit when 'servers_per_user' then 'servers in all workspaces of one owner'
        else replace(replace(p_limit, '_', ' '), 'sessions', 'conversations') end,
      case
        when p_retry_after_s >= 7200 then format('try again in %s hours.', ceil(p_retry_after_s / 3600.0))
        when p_retry_after_s >= 120 then format('try again in %s minutes.', ceil(p_retry_after_s / 60.0))
        when p_retry_after_s is not null then format('try again in %s seconds.', p_retry_after_s)
        when p_adding > 1 then format('there are %s, and %s more do not fit.', p_used, p_adding)
        when p_limit like 'sessions\_at\_once%' then
          format('there are %s already. End one of them first; History lists them.', p_used)
        else format('there are %s already.', p_used)
      end
    ),
    detail = jsonb_strip_nulls(jsonb_build_object(
      'limit', p_limit, 'allowed', p_allowed, 'used', p_used, 'retry_after_s', p_retry_after_s
    ))::text,
    hint = 'Whoever runs this installation can allow more.';
end
$$;

-- By day ----------------------------------------------------------------------------------------

create trigger count_workspaces after insert on public.workspaces
  referencing new table as new_rows for each statement
  execute function private.count_uses('workspaces_per_day_per_user', 'created_by');
create trigger count_servers after insert on public.mcp_servers
  referencing new table as new_rows for each statement
  execute function private.count_uses('servers_per_day_per_user', 'user_id');
create trigger count_invitations after insert on public.workspace_invitations
  referencing new table as new_rows for each statement
  execute function private.count_uses('invitations_per_day_per_user', 'invited_by');
create trigger count_api_tokens after insert on public.api_tokens
  referencing new table as new_rows for each statement
  execute function private.count_uses('api_tokens_per_day_per_user', 'created_by');

-- By owner --------------------------------------------------------------------------------------

-- How many servers there are in the workspaces that a user owns, whoever added them: members whom the owner invited add
-- nothing to what the owner may have.
create function private.servers_of_owner(p_user_id uuid) returns bigint
language sql stable set search_path = ''
as $$
  select count(*) from public.mcp_servers s
  join public.workspace_members m on m.workspace_id = s.workspace_id
  where m.user_id = p_user_id and m.role = 'owner'
$$;

-- Refuses more servers in a workspace than its owners may have. p_adding: how many of them are new there.
create function private.limit_servers_of_owners(p_workspace_id uuid, p_adding bigint, p_owner_id uuid default null)
returns void
language plpgsql set search_path = ''
as $$
declare
  v_owner uuid;
  v_total bigint;
  v_allowed integer;
begin
  for v_owner in
    select m.user_id from public.workspace_members m
    where m.workspace_id = p_workspace_id and m.role = 'owner' and (p_owner_id is null or m.user_id = p_owner_id)
    order by m.user_id
  loop
    perform pg_advisory_xact_lock(hashtextextended('patchbay.limit:servers_per_user:' || v_owner, 0));
    v_total := private.servers_of_owner(v_owner);
    v_allowed := private.allowed('servers_per_user', null, v_owner);
    if v_total > v_allowed then
      perform private.refuse_limit('servers_per_user', v_allowed, greatest(0, v_total - p_adding), p_adding);
    end if;
  end loop;
end
$$;

create function private.limit_new_servers() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.limit_servers_of_owners(n.workspace_id, n.adding)
  from (select workspace_id, count(*) as adding from new_rows group by 1 order by 1) n;
  return null;
end
$$;
create trigger limit_servers_of_owners after insert on public.mcp_servers
  referencing new table as new_rows for each statement execute function private.limit_new_servers();

create function private.limit_server_of_new_owner() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.limit_servers_of_owners(new.workspace_id, 1);
  return null;
end
$$;
create trigger limit_server_of_new_owner after update of workspace_id on public.mcp_servers
  for each row when (new.workspace_id <> old.workspace_id) execute function private.limit_server_of_new_owner();

-- An owner by transfer takes the servers along. What the end of an account hands over, by a trigger, stays out of it.
create function private.limit_new_owner() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if pg_trigger_depth() = 1 then
    perform private.limit_servers_of_owners(
      new.workspace_id, (select count(*) from public.mcp_servers where workspace_id = new.workspace_id), new.user_id
    );
  end if;
  return null;
end
$$;
create trigger limit_new_owner after update of role on public.workspace_members
  for each row when (new.role = 'owner' and old.role <> 'owner') execute function private.limit_new_owner();

-- What a workspace uses of its limits, for its members: limit, allowed (null: no limit), used (null where the limit is a
-- length of time).
create or replace function public.workspace_usage(p_workspace_id uuid)
returns table ("limit" text, allowed integer, used bigint)
language sql stable security definer set search_path = ''
as $$
  select
    u.name,
    case when u.name like '%per\_user' then private.allowed(u.name, null, auth.uid())
      else private.allowed(u.name, p_workspace_id, null) end,
    u.used
  from (
    select 'servers' as name, count(*) as used from public.mcp_servers where workspace_id = p_workspace_id
    union all
    select 'agents', count(*) from public.agent_configs where workspace_id = p_workspace_id
    union all
    select 'members', count(*) from public.workspace_members where workspace_id = p_workspace_id
    union all
    select 'open_invitations', count(*) from public.workspace_invitations
    where workspace_id = p_workspace_id and accepted_at is null and expires_at > now()
    union all
    select 'api_tokens', count(*) from public.api_tokens
    where workspace_id = p_workspace_id and revoked_at is null
    union all
    select 'sessions_per_day', count(*) from private.uses_today('sessions_per_day', p_workspace_id)
    union all
    select 'sessions_at_once', count(*) from public.voice_sessions v
    where v.workspace_id = p_workspace_id and v.state <> 'ended' and private.holds_place(v)
    union all
    -- Of all workspaces of the caller, who is an owner of this one: nobody else's to see.
    select 'servers_per_user', private.servers_of_owner(auth.uid())
    where p_workspace_id = any (private.my_workspace_ids(array['owner']))
    union all
    select 'session_minutes', null
    union all
    select 'session_idle_minutes', null
  ) u
  where p_workspace_id = any (private.my_workspace_ids())
$$;

revoke all on function
  private.servers_of_owner(uuid), private.limit_servers_of_owners(uuid, bigint, uuid), private.limit_new_servers(),
  private.limit_server_of_new_owner(), private.limit_new_owner()
  from public;
