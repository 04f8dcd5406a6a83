-- The audit trail: who changed what in a workspace, for its owners and admins. No secrets and no long texts:
-- of those only the name of the field is kept.

create table public.audit_events (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  -- Null: the system, or somebody whose account is gone.
  actor_id uuid references auth.users (id) on delete set null,
  action text not null,
  table_name text not null,
  -- What was changed: a row's id; of a member the user's, of a tool or credential the server's.
  row_id uuid,
  row_name text,
  -- field → {"from", "to"}, or null where the values are not kept.
  changes jsonb not null,
  created_at timestamptz not null default clock_timestamp(),
  constraint audit_events_action check (action in ('insert', 'update', 'delete', 'move_in', 'move_out'))
);

create index audit_events_by_workspace on public.audit_events (workspace_id, created_at desc);
create index audit_events_by_row on public.audit_events (row_id, created_at desc);
create index audit_events_actor on public.audit_events (actor_id);

revoke all on public.audit_events from anon, authenticated;
grant select on public.audit_events to authenticated;
grant select, insert, update, delete on public.audit_events to service_role;

alter table public.audit_events enable row level security;

create policy "owners and admins read the trail" on public.audit_events for select to authenticated
  using (workspace_id = any ((select private.my_workspace_ids(array['owner', 'admin']))::uuid[]));

-- Who is acting: the signed-in user, or the one for whom an edge function acts with the service role. Null for
-- an account that is being deleted.
create function private.actor_id() returns uuid
language sql stable set search_path = ''
as $$
  select u.id from auth.users u
  where u.id = coalesce(auth.uid(), nullif(current_setting('patchbay.actor', true), '')::uuid)
$$;

-- What is told of a value: addresses without what may be a key in them, long texts not at all.
create function private.audit_value(p_field text, p_value jsonb) returns jsonb
language sql immutable set search_path = ''
as $$
  select case when p_field = 'url' then to_jsonb(regexp_replace(p_value #>> '{}', '\?.*$', '?…')) else p_value end
$$;

-- The fields that differ between two rows, each with both values: only fields that are listed, without values
-- those that are listed as closed or are longer than 200 characters.
create function private.audit_changes(p_old jsonb, p_new jsonb, p_fields text[], p_closed text[]) returns jsonb
language sql immutable set search_path = ''
as $$
  select coalesce(jsonb_object_agg(f.name, case
    when f.name = any (p_closed) or length(p_old ->> f.name) > 200 or length(p_new ->> f.name) > 200 then null
    else jsonb_strip_nulls(jsonb_build_object(
      'from', private.audit_value(f.name, p_old -> f.name), 'to', private.audit_value(f.name, p_new -> f.name)
    ))
  end), '{}')
  from unnest(p_fields || p_closed) as f (name)
  where coalesce(p_old -> f.name, 'null') <> coalesce(p_new -> f.name, 'null')
$$;

-- Arguments: the column of the row's id, the fields whose values are kept, the fields whose names only are.
create function private.audit() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  v_old jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
  v_new jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
  v_row jsonb := coalesce(v_new, v_old);
  v_changes jsonb := private.audit_changes(
    v_old, v_new, string_to_array(tg_argv[1], ' '), string_to_array(tg_argv[2], ' ')
  );
  v_row_id uuid := v_row ->> tg_argv[0];
  v_workspace_id uuid := v_row ->> case when tg_table_name = 'workspaces' then 'id' else 'workspace_id' end;
  v_was_in uuid := v_old ->> 'workspace_id';
begin
  if tg_op = 'UPDATE' and v_was_in <> v_workspace_id then
    insert into public.audit_events (workspace_id, actor_id, action, table_name, row_id, row_name, changes) values
      (v_was_in, private.actor_id(), 'move_out', tg_table_name, v_row_id, v_row ->> 'name', '{}'),
      (v_workspace_id, private.actor_id(), 'move_in', tg_table_name, v_row_id, v_row ->> 'name', '{}');
  end if;
  if tg_op = 'UPDATE' and v_changes = '{}' then
    return null;
  end if;
  -- A workspace that is being deleted takes its trail along, and of a user who is, no id stays.
  insert into public.audit_events (workspace_id, actor_id, action, table_name, row_id, row_name, changes)
  select w.id, private.actor_id(), lower(tg_op), tg_table_name,
    case when tg_table_name <> 'workspace_members' or exists (select from auth.users u where u.id = v_row_id)
      then v_row_id end,
    v_row ->> 'name', v_changes
  from public.workspaces w where w.id = v_workspace_id;
  return null;
end
$$;

create trigger audit after insert or update of name on public.workspaces
  for each row execute function private.audit('id', 'name', '');
create trigger audit after insert or delete or update of role on public.workspace_members
  for each row execute function private.audit('user_id', 'role', '');
-- E-mail addresses of people who never came do not stay in a trail.
create trigger audit after insert or delete or update of accepted_at on public.workspace_invitations
  for each row execute function private.audit('id', 'role expires_at accepted_at', 'email');
create trigger audit after insert or delete or update of revoked_at on public.api_tokens
  for each row execute function private.audit('id', 'name scopes expires_at revoked_at', '');
create trigger audit after insert or delete or update of
    workspace_id, name, slug, url, description, transport, auth_method, auth_header, credential_scope,
    oauth_client_id, is_active, position, tags, call_timeout_ms, max_concurrency, metadata
  on public.mcp_servers
  for each row execute function private.audit(
    'id',
    'name slug url description transport auth_method auth_header credential_scope oauth_client_id is_active position '
      'tags call_timeout_ms max_concurrency',
    'metadata'
  );
create trigger audit after update of is_enabled, cache_ttl_seconds on public.mcp_tools
  for each row execute function private.audit('server_id', 'is_enabled cache_ttl_seconds', '');
create trigger audit after insert or delete or update of
    name, system_prompt, voice_model, temperature, greeting, is_default, all_servers
  on public.agent_configs
  for each row execute function private.audit(
    'id', 'name voice_model temperature greeting is_default all_servers', 'system_prompt'
  );
create trigger audit after insert or delete on public.agent_config_servers
  for each row execute function private.audit('agent_config_id', 'server_id', '');

-- Credentials carry no workspace, and nothing of them is told but that they were set, changed or dropped.
create function private.audit_secret() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  insert into public.audit_events (workspace_id, actor_id, action, table_name, row_id, row_name, changes)
  select s.workspace_id, private.actor_id(), lower(tg_op), tg_table_name, s.id, s.name, '{"credential": null}'
  from public.mcp_servers s
  where s.id = case when tg_op = 'DELETE' then old.server_id else new.server_id end;
  return null;
end
$$;
create trigger audit after insert or delete or update of ciphertext on public.mcp_server_secrets
  for each row execute function private.audit_secret();
-- A refresh is no change that somebody made.
create trigger audit after insert or delete on public.mcp_server_grants
  for each row execute function private.audit_secret();

-- The trail names users by id in row_id as well; it is not theirs to keep when they go.
create function private.forget_user_in_trail() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  update public.audit_events set row_id = null where row_id = old.id;
  return null;
end
$$;
create trigger patchbay_forget_user_in_trail after delete on auth.users
  for each row execute function private.forget_user_in_trail();

revoke all on function
  private.actor_id(), private.audit_value(text, jsonb), private.audit_changes(jsonb, jsonb, text[], text[]),
  private.audit(), private.audit_secret(), private.forget_user_in_trail()
  from public;
