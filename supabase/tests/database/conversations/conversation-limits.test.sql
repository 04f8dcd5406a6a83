-- Conversations are limited by day, at once, and in length, and deleting things takes nothing off the counts.
begin;
\ir ../helpers.psql
select plan(33);

create function pg_temp.talk(p_user text, p_workspace text, p_age interval default '0') returns text
language plpgsql as $$
declare
  v_id uuid := gen_random_uuid();
  v_refusal text;
begin
  perform set_config('role', 'service_role', true);
  v_refusal := pg_temp.refused(format(
    'insert into public.voice_sessions (id, workspace_id, user_id, started_at) values (%L, %L, %L, now() - %L::interval)',
    v_id, current_setting('pgtap.' || p_workspace), current_setting('pgtap.' || p_user), p_age
  ));
  perform set_config('pgtap.session', v_id::text, true);
  return v_refusal;
end
$$;
-- A worker asks what the newest conversation should be like; p_ago: it last did so long ago.
create function pg_temp.join_session(p_ago interval default '0') returns jsonb language plpgsql as $$
declare
  v_snapshot jsonb := public.voice_session_snapshot(current_setting('pgtap.session')::uuid, false);
begin
  perform public.set_session_state(current_setting('pgtap.session')::uuid, 'active');
  update private.session_contacts set contacted_at = now() - p_ago
  where session_id = current_setting('pgtap.session')::uuid;
  return v_snapshot;
end
$$;
create function pg_temp.states(p_user text) returns text language sql as $$
  select string_agg(concat_ws(' ', state, end_reason), ', ' order by started_at, state)
  from public.voice_sessions where user_id = current_setting('pgtap.' || p_user)::uuid
$$;

select set_config('pgtap.ada', 'aaaaaaaa-0000-4000-8000-000000000001', true),
  set_config('pgtap.bob', 'bbbbbbbb-0000-4000-8000-000000000002', true),
  set_config('pgtap.cyd', 'cccccccc-0000-4000-8000-000000000003', true);
insert into auth.users (id, email) values
  (current_setting('pgtap.ada')::uuid, 'ada@pgtap.test'), (current_setting('pgtap.bob')::uuid, 'bob@pgtap.test'),
  (current_setting('pgtap.cyd')::uuid, 'cyd@pgtap.test');
select pg_temp.act_as(current_setting('pgtap.ada')::uuid);
insert into public.workspaces (name) values ('Team'), ('Short');
reset role;
select set_config('pgtap.team', id::text, true) from public.workspaces where name = 'Team';
select set_config('pgtap.short', id::text, true) from public.workspaces where name = 'Short';
select set_config('pgtap.adas', id::text, true) from public.workspaces
  where is_personal and created_by = current_setting('pgtap.ada')::uuid;
insert into public.workspace_members (workspace_id, user_id, role) values
  (current_setting('pgtap.team')::uuid, current_setting('pgtap.bob')::uuid, 'member'),
  (current_setting('pgtap.team')::uuid, current_setting('pgtap.cyd')::uuid, 'viewer');
insert into public.limits (name, user_id, allowed) values
  ('sessions_per_day_per_user', current_setting('pgtap.ada')::uuid, 3),
  ('sessions_at_once_per_user', current_setting('pgtap.bob')::uuid, 2),
  ('sessions_at_once_per_user', current_setting('pgtap.cyd')::uuid, 4);
insert into public.limits (name, workspace_id, allowed) values
  ('sessions_at_once', current_setting('pgtap.team')::uuid, 4);

-- By day --------------------------------------------------------------------------------------------
select is(pg_temp.talk('ada', 'short'), null, 'a conversation in a workspace that goes away');
select is(pg_temp.talk('ada', 'team'), null, 'conversations count per day in a workspace that the user leaves');
select is(pg_temp.talk('ada', 'adas'), null, 'conversations count per day in the personal workspace');
reset role;
update private.uses set used_at = now() - interval '23 hours'
where ctid in (
  select ctid from private.uses
  where user_id = current_setting('pgtap.ada')::uuid and limit_name = 'sessions_per_day_per_user' limit 1
);
select pg_temp.act_as(current_setting('pgtap.ada')::uuid);
select public.end_conversation(id) from public.voice_sessions;
delete from public.voice_sessions;
delete from public.workspaces where name = 'Short';
select is((select count(*) from public.voice_sessions), 0::bigint, 'a user deletes all of their conversations');
select is(
  pg_temp.talk('ada', 'adas'),
  'PT429 The limit of 3 conversations per day per user is reached: try again in 60 minutes. '
    || '{"used": 3, "limit": "sessions_per_day_per_user", "allowed": 3, "retry_after_s": 3600}',
  'a user at the daily limit waits until the oldest conversation is a day old'
);
reset role;
update private.uses set used_at = used_at - interval '61 minutes' where user_id = current_setting('pgtap.ada')::uuid;
select is(pg_temp.talk('ada', 'adas'), null, 'a conversation that is a day old makes room for one');
select matches(pg_temp.talk('ada', 'adas'), 'try again in 23 hours', 'a conversation that is a day old makes room for one only');

-- At once -------------------------------------------------------------------------------------------
select is(pg_temp.talk('bob', 'team'), null, 'the first conversation of a user');
select isnt(pg_temp.join_session(), null, 'a worker joins the first conversation');
select set_config('pgtap.first', current_setting('pgtap.session'), true);
select is(pg_temp.talk('bob', 'team'), null, 'a user can start a second conversation');
select isnt(pg_temp.join_session(), null, 'a worker joins the second conversation');
select is(
  pg_temp.talk('bob', 'team'),
  'PT409 The limit of 2 conversations at once per user is reached: 2 in use. '
    || 'End one of them first; History lists them. {"used": 2, "limit": "sessions_at_once_per_user", "allowed": 2}',
  'a user cannot start a third conversation'
);
select is(pg_temp.talk('cyd', 'team'), null, 'another user has a separate limit');
select isnt(pg_temp.join_session(), null, 'a worker joins the conversation of another user');
select is(pg_temp.talk('cyd', 'team'), null, 'another user can start a second conversation');
select matches(
  pg_temp.talk('cyd', 'team'), '^PT409 The limit of 4 conversations at once is reached', 'the workspace has a limit of conversations at once'
);

select pg_temp.act_as(current_setting('pgtap.cyd')::uuid);
select throws_ok(
  $$ select public.end_conversation(current_setting('pgtap.first')::uuid) $$, 'PT404', null,
  'nobody ends the conversation of another'
);
select throws_ok(
  $$ select public.end_conversation('99999999-0000-4000-8000-000000000009') $$, 'PT404', null, 'nobody ends a conversation that does not exist'
);
select pg_temp.act_as(current_setting('pgtap.bob')::uuid);
select lives_ok($$ select public.end_conversation(current_setting('pgtap.first')::uuid) $$, 'a member ends their own conversation');
select lives_ok($$ select public.end_conversation(current_setting('pgtap.first')::uuid) $$, 'ending a conversation twice is no error');
select is(pg_temp.states('bob'), 'active, ended ended_elsewhere', 'a conversation that was ended from elsewhere has ended');
set local role service_role;
select is(public.voice_session_snapshot(current_setting('pgtap.first')::uuid), null, 'a conversation that was ended from elsewhere has no snapshot, so its agent leaves');
select is(pg_temp.talk('bob', 'team'), null, 'an ended conversation makes room for another');
reset role;
update public.voice_sessions set started_at = now() - interval '31 seconds'
where id = current_setting('pgtap.session')::uuid;
select is(pg_temp.talk('bob', 'team'), null, 'a conversation that nobody joined, as after a reload, makes room by itself');
reset role;
select is(
  pg_temp.states('bob'), 'ended nobody_joined, active, ended ended_elsewhere, starting', 'a conversation that made room has ended because nobody joined'
);
select pg_temp.act_as(current_setting('pgtap.ada')::uuid);
select lives_ok(
  $$ select public.end_conversation(id) from public.voice_sessions
     where workspace_id = current_setting('pgtap.team')::uuid and state <> 'ended' $$,
  'an owner ends those of everybody in the workspace'
);
reset role;

-- A worker that died holds no place.
select pg_temp.talk('bob', 'team'), pg_temp.join_session('6 minutes');
select pg_temp.talk('bob', 'team'), pg_temp.join_session();
select is(pg_temp.talk('bob', 'team'), null, 'a conversation that no worker holds makes room');
reset role;
select pg_temp.act_as(current_setting('pgtap.ada')::uuid);
select public.end_conversation(id) from public.voice_sessions where state <> 'ended';
reset role;

-- Length --------------------------------------------------------------------------------------------
delete from public.voice_sessions;
select pg_temp.talk('bob', 'team', '119 minutes');
select ok(
  (l ->> 'ends_in_ms')::numeric between 50000 and 60000 and (l ->> 'idle_ms')::numeric = 600000,
  'a worker hears when the conversation has to end'
) from (select pg_temp.join_session() -> 'limits' as l) x;
reset role;
delete from public.limits where name in ('session_minutes', 'session_idle_minutes');
select is(
  public.voice_session_snapshot(current_setting('pgtap.session')::uuid, false) -> 'limits',
  '{"ends_in_ms": null, "idle_ms": null}', 'without limits a worker learns that the conversation may go on'
);
insert into public.limits (name, allowed) values ('session_minutes', 120);

delete from public.voice_sessions;
select pg_temp.talk('bob', 'team', '16 minutes');
select pg_temp.talk('cyd', 'team', '121 minutes'), pg_temp.join_session();
reset role;
select private.end_lost_sessions();
select is(pg_temp.states('bob'), 'ended nobody_joined', 'a conversation that nobody joined ends when its token expires');
select is(pg_temp.states('cyd'), 'active', 'a worker has two minutes to end one that is over');
update public.voice_sessions set started_at = now() - interval '123 minutes' where user_id = current_setting('pgtap.cyd')::uuid;
select private.end_lost_sessions();
select is(pg_temp.states('cyd'), 'ended time_limit', 'the database ends a conversation past its time if its worker does not');
delete from public.voice_sessions;
select pg_temp.talk('cyd', 'team', '119 minutes'), pg_temp.join_session('61 minutes');
reset role;
select private.end_lost_sessions();
select is(pg_temp.states('cyd'), 'ended lost', 'a conversation without a worker for an hour is lost');

select * from finish();
rollback;
