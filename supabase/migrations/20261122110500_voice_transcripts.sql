-- Voice transcripts: what was said in a conversation, for the person who had it. An admin sees that there was a
-- conversation and what its tools did, never its words.

-- The switch of a workspace: without it nothing that is said is written down.
alter table public.workspaces add column keep_transcripts boolean not null default true;
grant update (keep_transcripts) on public.workspaces to authenticated;

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

revoke all on public.voice_transcripts from anon, authenticated;
grant select on public.voice_transcripts to authenticated;
grant select, insert, update, delete on public.voice_transcripts to service_role;

alter table public.voice_transcripts enable row level security;

create policy "people read their own words only" on public.voice_transcripts for select to authenticated
  using (user_id = (select auth.uid()) and workspace_id = any ((select private.my_workspace_ids())::uuid[]));

-- With a conversation go its words and its calls. One that runs is ended first.
grant delete on public.voice_sessions to authenticated;
create policy "people delete their own conversations" on public.voice_sessions for delete to authenticated
  using (
    user_id = (select auth.uid())
    and workspace_id = any ((select private.my_workspace_ids())::uuid[])
    and state = 'ended'
  );

-- Writes down what was said and answers how many lines were new. The caller makes the ids, so that a repeated
-- report counts once. Lines of a session that is gone, or of a workspace that keeps no transcripts, are left
-- out. History ends with its conversation, which goes after 90 days.
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

revoke all on function public.record_transcript(jsonb) from public, anon, authenticated;
grant execute on function public.record_transcript(jsonb) to service_role;

create trigger audit_transcripts after update of keep_transcripts on public.workspaces
  for each row execute function private.audit('id', 'keep_transcripts', '');
