-- Limits of conversations: how many a day, which deleting can't reset; how many at once; and how long each may last.

insert into public.limits (name, allowed) values
  ('sessions_at_once', 50),
  ('sessions_at_once_per_user', 5),
  -- A conversation ends after so long, and when nobody spoke or typed and no tool ran for so long.
  ('session_minutes', 120),
  ('session_idle_minutes', 10);

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
      p_allowed, replace(replace(p_limit, '_', ' '), 'sessions', 'conversations'),
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

-- Counts by day ---------------------------------------------------------------------------------

-- What was used of limits by the day, of a user or of a workspace. Deleting a conversation or leaving a workspace takes
-- nothing off a count, and deleting a workspace nothing off that of its users.
create table private.uses (
  limit_name text not null,
  workspace_id uuid references public.workspaces (id) on delete cascade,
  user_id uuid references auth.users (id) on delete cascade,
  used_at timestamptz not null,
  constraint uses_owner check (num_nonnulls(workspace_id, user_id) = 1)
);
create index uses_by_workspace on private.uses (workspace_id, limit_name, used_at);
create index uses_by_user on private.uses (user_id, limit_name, used_at);
create index uses_by_time on private.uses (used_at);
alter table private.uses enable row level security;
grant select, insert, update, delete on private.uses to service_role;
insert into private.retention (table_name, time_column, keep) values ('private.uses', 'used_at', '1 day');

create function private.uses_today(p_limit text, p_owner_id uuid) returns setof private.uses
language sql stable set search_path = ''
as $$
  select * from private.uses u
  where (u.workspace_id = p_owner_id or u.user_id = p_owner_id) and u.limit_name = p_limit
    and u.used_at > now() - interval '1 day'
$$;

-- Counts so many uses of a user (of limits by user) or a workspace. The lock makes two of one owner wait for each
-- other. PT429: too many in 24 hours; `retry_after_s` is when enough of them are a day old.
create function private.count_use(p_limit text, p_owner_id uuid, p_adding bigint) returns void
language plpgsql set search_path = ''
as $$
declare
  v_is_per_user boolean := p_limit like '%per\_user';
  v_allowed integer := private.allowed(
    p_limit, case when not v_is_per_user then p_owner_id end, case when v_is_per_user then p_owner_id end
  );
  v_used bigint;
  v_free_at timestamptz;
begin
  perform pg_advisory_xact_lock(hashtextextended('patchbay.limit:' || p_limit || ':' || p_owner_id, 0));
  v_used := (select count(*) from private.uses_today(p_limit, p_owner_id));
  if v_used + p_adding > v_allowed then
    if p_adding <= v_allowed then
      select u.used_at + interval '1 day' into v_free_at from private.uses_today(p_limit, p_owner_id) u
      order by u.used_at offset v_used + p_adding - v_allowed - 1 limit 1;
    end if;
    perform private.refuse_limit(
      p_limit, v_allowed, v_used, p_adding, greatest(1, ceil(extract(epoch from v_free_at - now())))::integer
    );
  end if;
  insert into private.uses (limit_name, workspace_id, user_id, used_at)
  select
    p_limit, case when not v_is_per_user then p_owner_id end, case when v_is_per_user then p_owner_id end, now()
  from generate_series(1, p_adding);
end
$$;

-- After each insert: counts the new rows. Arguments: the limit, and the column of the owner.
create function private.count_uses() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  v_new record;
begin
  for v_new in execute format(
    'select n.%1$I as owner, count(*) as adding from new_rows n where n.%1$I is not null group by 1 order by 1',
    tg_argv[1]
  ) loop
    perform private.count_use(tg_argv[0], v_new.owner, v_new.adding);
  end loop;
  return null;
end
$$;

insert into private.uses (limit_name, workspace_id, user_id, used_at)
select l.name, l.workspace_id, l.user_id, v.started_at
from public.voice_sessions v
cross join lateral (values
  ('sessions_per_day', v.workspace_id, null), ('sessions_per_day_per_user', null, v.user_id)
) as l (name, workspace_id, user_id)
where v.started_at > now() - interval '1 day';

drop trigger limit_sessions on public.voice_sessions;
drop trigger limit_sessions_of_user on public.voice_sessions;
create trigger limit_sessions after insert on public.voice_sessions
  referencing new table as new_rows for each statement
  execute function private.count_uses('sessions_per_day', 'workspace_id');
create trigger limit_sessions_of_user after insert on public.voice_sessions
  referencing new table as new_rows for each statement
  execute function private.count_uses('sessions_per_day_per_user', 'user_id');

-- Conversations at once -------------------------------------------------------------------------

create index voice_sessions_open on public.voice_sessions (user_id) where state <> 'ended';
create index voice_sessions_open_by_workspace on public.voice_sessions (workspace_id) where state <> 'ended';

-- When a worker last asked what a conversation should be like; it does so every 30 seconds.
create table private.session_contacts (
  session_id uuid primary key references public.voice_sessions (id) on delete cascade,
  contacted_at timestamptz not null
);
alter table private.session_contacts enable row level security;
grant select, insert, update, delete on private.session_contacts to service_role;

-- Whether an open conversation counts as one of those at once: one whose worker is gone leaves its place to another.
create function private.holds_place(p_session public.voice_sessions) returns boolean
language sql stable set search_path = ''
as $$
  select not exists (
    select from private.session_contacts c
    where c.session_id = p_session.id and c.contacted_at < now() - interval '5 minutes'
  )
$$;

alter table public.voice_sessions
  drop constraint voice_sessions_end_reason,
  add constraint voice_sessions_end_reason check (end_reason in (
    'user_left', 'room_closed', 'idle', 'time_limit', 'ended_elsewhere', 'error', 'lost', 'nobody_joined',
    'worker_drained', 'model_not_found', 'model_rejected_settings', 'model_key_rejected', 'model_quota',
    'model_unavailable'
  ));

-- Ends conversations that no worker ends: those that nobody joined while their token was valid, those that no worker
-- has held for an hour, and those past their time (two minutes more, for a worker that ends them with a sentence).
-- p_user_id: only those of one user. Answers how many.
drop function private.end_lost_sessions();
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

-- Before a conversation begins: makes room by ending those of its user that are lost, and where that is not enough, the
-- oldest that were opened half a minute ago and never joined (a page that was reloaded while it connected).
create function private.make_room_for_session() returns trigger
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
      where o.user_id = new.user_id and o.state <> 'ended' and private.holds_place(o)
    ) + 1 - v_allowed)
  );
  return new;
end
$$;
create trigger make_room_for_session before insert on public.voice_sessions
  for each row execute function private.make_room_for_session();

create trigger limit_sessions_at_once after insert on public.voice_sessions
  referencing new table as new_rows for each statement
  execute function private.keep_limit(
    'sessions_at_once', 'workspace_id', 'state <> ''ended'' and private.holds_place(voice_sessions)'
  );
create trigger limit_sessions_at_once_of_user after insert on public.voice_sessions
  referencing new table as new_rows for each statement
  execute function private.keep_limit(
    'sessions_at_once_per_user', 'user_id', 'state <> ''ended'' and private.holds_place(voice_sessions)'
  );

-- Ends a conversation from elsewhere: one's own, or any of a workspace for its owner and admins. The agent leaves the
-- room at once. One that is over stays as it is. PT404: there is none that the caller may end.
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

-- Length ----------------------------------------------------------------------------------------

-- What a conversation should be like now: its agent, the active servers of that agent in the user's order, the user's
-- role, and `limits`: in how many ms it has to end (null: never), and after how many ms without its user. Null when it
-- has ended or its user is no longer a member. When its agent was deleted, the workspace's default takes over. Without
-- servers it is what a conversation begins with. Asking counts as a sign that a worker holds the conversation.
create or replace function public.voice_session_snapshot(p_session_id uuid, p_with_servers boolean default true)
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

-- Usage -----------------------------------------------------------------------------------------

-- `used` is null where a limit is a length rather than a number of things.
create or replace function public.workspace_usage(p_workspace_id uuid)
returns table ("limit" text, allowed integer, used bigint)
language sql stable security definer set search_path = ''
as $$
  select u.name, private.allowed(u.name, p_workspace_id, null), u.used
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
    select 'session_minutes', null
    union all
    select 'session_idle_minutes', null
  ) u
  where p_workspace_id = any (private.my_workspace_ids())
$$;

revoke all on function
  private.uses_today(text, uuid), private.count_use(text, uuid, bigint), private.count_uses(),
  private.holds_place(public.voice_sessions), private.end_lost_sessions(uuid), private.make_room_for_session()
  from public;
revoke all on function public.end_conversation(uuid) from public, anon, authenticated;
grant execute on function private.allowed(text, uuid, uuid) to service_role;
grant execute on function public.end_conversation(uuid) to authenticated;

-- Where pg_cron is there; the embedded database has a timer of its own (local/supabase).
do $$
begin
  if exists (select from pg_extension where extname = 'pg_cron') then
    perform cron.schedule('patchbay-end-lost-sessions', '*/5 * * * *', 'select private.end_lost_sessions()');
  end if;
end
$$;
