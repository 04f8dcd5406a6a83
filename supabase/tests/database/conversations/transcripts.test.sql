-- What was said is the person's own: kept where the workspace keeps it, and gone with its conversation.
begin;
\ir ../helpers.psql
select plan(15);

insert into auth.users (id, email) values
  ('aaaaaaaa-0000-4000-8000-000000000001', 'ada@pgtap.test'),
  ('bbbbbbbb-0000-4000-8000-000000000002', 'bob@pgtap.test');
select set_config('pgtap.workspace', id::text, true)
from public.workspaces where created_by = 'aaaaaaaa-0000-4000-8000-000000000001';
insert into public.workspace_members (workspace_id, user_id, role) values
  (current_setting('pgtap.workspace')::uuid, 'bbbbbbbb-0000-4000-8000-000000000002', 'member');

set local role service_role;
insert into public.voice_sessions (id, workspace_id, user_id) values
  ('55555555-0000-4000-8000-000000000005', current_setting('pgtap.workspace')::uuid, 'bbbbbbbb-0000-4000-8000-000000000002');
create function pg_temp.line(p_id text, p_more jsonb default '{}') returns jsonb language sql as $$
  select jsonb_build_object(
    'id', p_id, 'session_id', '55555555-0000-4000-8000-000000000005', 'role', 'user', 'text', 'hello',
    'said_at', now()
  ) || p_more
$$;

select is(
  public.record_transcript(jsonb_build_array(
    pg_temp.line('11111111-0000-4000-8000-000000000001'),
    pg_temp.line('11111111-0000-4000-8000-000000000002', jsonb_build_object('role', 'agent', 'text', repeat('x', 9000))),
    pg_temp.line('11111111-0000-4000-8000-000000000003', '{"session_id": "99999999-0000-4000-8000-000000000009"}')
  )),
  2, 'lines are written down, those of a session that is gone are not'
);
select is(
  public.record_transcript(jsonb_build_array(pg_temp.line('11111111-0000-4000-8000-000000000001'))), 0,
  'a repeated line is recorded once'
);
select is(
  (select char_length(text) from public.voice_transcripts where role = 'agent'), 8000, 'a long line is cut'
);
select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000002');
select is((select count(*) from public.voice_transcripts), 2::bigint, 'people read what they said');
select throws_ok($$ select public.record_transcript('[]') $$, '42501', null, 'users cannot add lines to a transcript');
select throws_ok($$ delete from public.voice_transcripts $$, '42501', null, 'users cannot delete lines of a transcript');
select throws_ok(
  $$ update public.voice_transcripts set text = 'never said' $$, '42501', null, 'users cannot change lines of a transcript'
);
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select is((select count(*) from public.voice_sessions), 1::bigint, 'an owner sees that there was a conversation');
select is((select count(*) from public.voice_transcripts), 0::bigint, 'an admin sees no line of a member''s transcript');
delete from public.voice_sessions;
select is((select count(*) from public.voice_sessions), 1::bigint, 'an admin cannot delete a member''s conversation');

-- The switch
update public.workspaces set keep_transcripts = false where id = current_setting('pgtap.workspace')::uuid;
reset role;
set local role service_role;
select is(
  public.record_transcript(jsonb_build_array(pg_temp.line('11111111-0000-4000-8000-000000000006'))), 0,
  'a workspace that keeps no transcripts writes nothing down'
);
select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000002');
update public.workspaces set keep_transcripts = true where id = current_setting('pgtap.workspace')::uuid;
select is(
  (select keep_transcripts from public.workspaces where id = current_setting('pgtap.workspace')::uuid), false,
  'a member does not switch it'
);

-- Deleting
delete from public.voice_sessions;
select is((select count(*) from public.voice_sessions), 1::bigint, 'a conversation that runs stays');
reset role;
set local role service_role;
select public.set_session_state('55555555-0000-4000-8000-000000000005', 'ended');
select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000002');
delete from public.voice_sessions;
select is((select count(*) from public.voice_sessions), 0::bigint, 'users delete their own ended conversations');
reset role;
select is((select count(*) from public.voice_transcripts), 0::bigint, 'a deleted conversation takes its transcript along');

select * from finish();
rollback;
