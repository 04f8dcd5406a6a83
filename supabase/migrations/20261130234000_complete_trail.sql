-- A complete audit trail: webhooks, limits, conversations that somebody deletes, exports and imports, the ends of
-- accounts, and the API token that was used.

alter table public.audit_events
  -- The API token with which the actor did it; no foreign key, since it stays when the token is deleted.
  add column token_id uuid,
  add column token_name text,
  drop constraint audit_events_action,
  add constraint audit_events_action check (
    action in ('insert', 'update', 'delete', 'move_in', 'move_out', 'export', 'import', 'sign_out')
  );

-- The token of this request: of its JWT, or what an edge function names as the actor.
create function private.acting_token() returns public.api_tokens
language sql stable set search_path = ''
as $$
  select t from public.api_tokens t
  where t.id = coalesce(
    (auth.jwt() ->> 'token_id')::uuid, nullif(current_setting('patchbay.actor', true), '')::uuid
  )
$$;

-- Who is acting: the signed-in user, or the one for whom an edge function acts with the service role, which may also
-- name an API token: it acts for whoever created it. Null for an account that is being deleted.
create or replace function private.actor_id() returns uuid
language sql stable set search_path = ''
as $$
  select u.id from auth.users u
  where u.id = coalesce(
    auth.uid(), (select t.created_by from private.acting_token() t),
    nullif(current_setting('patchbay.actor', true), '')::uuid
  )
$$;

create function private.note_token() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  select t.id, t.name into new.token_id, new.token_name from private.acting_token() t;
  return new;
end
$$;
create trigger note_token before insert on public.audit_events
  for each row execute function private.note_token();

-- Writes an event that no trigger of a table writes.
create function private.record_event(
  p_workspace_id uuid, p_action text, p_subject text, p_changes jsonb, p_row_id uuid default null
) returns void
language sql security definer set search_path = ''
as $$
  insert into public.audit_events (workspace_id, actor_id, action, table_name, row_id, changes)
  values (p_workspace_id, private.actor_id(), p_action, p_subject, p_row_id, p_changes)
$$;

-- Webhooks ---------------------------------------------------------------------------------------

-- Of an address only the origin is kept: its path is often a secret (Slack, Discord).
create function private.audit_webhook() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  v_old jsonb := case when tg_op <> 'INSERT'
    then to_jsonb(old) || jsonb_build_object('url', private.url_origin(old.url)) end;
  v_new jsonb := case when tg_op <> 'DELETE'
    then to_jsonb(new) || jsonb_build_object('url', private.url_origin(new.url)) end;
  v_changes jsonb := private.audit_changes(v_old, v_new, array['url', 'is_active'], '{}');
begin
  if tg_op = 'UPDATE' and new.url <> old.url and not v_changes ? 'url' then
    v_changes := v_changes || '{"url": null}';
  end if;
  if tg_op = 'UPDATE' and v_changes = '{}' then
    return null;
  end if;
  insert into public.audit_events (workspace_id, actor_id, action, table_name, row_id, changes)
  select w.id, private.actor_id(), lower(tg_op), tg_table_name, (coalesce(v_new, v_old) ->> 'id')::uuid, v_changes
  from public.workspaces w where w.id = (coalesce(v_new, v_old) ->> 'workspace_id')::uuid;
  return null;
end
$$;
create trigger audit after insert or delete or update of url, is_active on public.notice_webhooks
  for each row execute function private.audit_webhook();

-- A new key for a webhook that was there before.
create function private.audit_webhook_key() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.record_event(w.workspace_id, 'update', 'notice_webhooks', '{"signing_key": null}', w.id)
  from public.notice_webhooks w where w.id = new.webhook_id;
  return null;
end
$$;
create trigger audit after update of ciphertext on public.notice_webhook_secrets
  for each row execute function private.audit_webhook_key();

-- Limits and conversations ------------------------------------------------------------------------

-- Limits of a workspace, which an operator changes.
create trigger audit after insert or delete or update of allowed on public.limits
  for each row execute function private.audit('id', 'allowed', '');

-- A conversation that somebody deletes with its calls and transcript; not what retention deletes, or the end of an
-- account or agent.
create trigger audit after delete on public.voice_sessions
  for each row when (pg_trigger_depth() = 0 and auth.uid() is not null)
  execute function private.audit('id', 'started_at', '');

-- Accounts ---------------------------------------------------------------------------------------

create or replace function private.hand_over(p_workspace_id uuid, p_successor_id uuid) returns void
language plpgsql security definer set search_path = ''
as $$
begin
  if p_successor_id is null then
    delete from public.workspaces where id = p_workspace_id;
  else
    update public.workspace_members set role = 'owner'
    where workspace_id = p_workspace_id and user_id = p_successor_id;
    perform private.record_event(
      p_workspace_id, 'update', 'workspaces',
      jsonb_build_object('owner', jsonb_build_object('from', 'a deleted account', 'to', p_successor_id))
    );
  end if;
end
$$;

-- Says in each workspace of a user why the membership ends.
create function private.record_end_of_account(p_user_id uuid) returns void
language sql security definer set search_path = ''
as $$
  insert into public.audit_events (workspace_id, action, table_name, changes)
  select m.workspace_id, 'delete', 'accounts', jsonb_build_object('role', jsonb_build_object('from', m.role))
  from public.workspace_members m join public.workspaces w on w.id = m.workspace_id
  where m.user_id = p_user_id and not (w.is_personal and w.created_by = p_user_id)
$$;

create or replace function private.end_deleted_account() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.record_end_of_account(old.id);
  perform private.end_account(old.id);
  return case when tg_op = 'DELETE' then old end;
end
$$;

-- The trail names users by id in values as well.
create function private.forget_successor() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  update public.audit_events set changes = changes - 'owner'
  where table_name = 'workspaces' and changes #>> '{owner,to}' = old.id::text;
  return null;
end
$$;
create trigger patchbay_forget_successor after delete on auth.users
  for each row execute function private.forget_successor();
create trigger patchbay_forget_soft_deleted_successor after update on auth.users
  for each row when (old.deleted_at is null and new.deleted_at is not null)
  execute function private.forget_successor();

-- A new password or address, in the trail of the personal workspace.
create function private.audit_account() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  -- Auth does not say whether the user or an administrator changed it.
  insert into public.audit_events (workspace_id, action, table_name, changes)
  select w.id, 'update', 'accounts', case
    when new.email is distinct from old.email then '{"email": null}'::jsonb else '{}' end || case
    when new.encrypted_password is distinct from old.encrypted_password then '{"password": null}'::jsonb else '{}' end
  from public.workspaces w where w.created_by = new.id and w.is_personal;
  return null;
end
$$;
create trigger patchbay_audit_account after update on auth.users
  for each row when (
    new.deleted_at is null
    and (new.email, new.encrypted_password) is distinct from (old.email, old.encrypted_password)
  )
  execute function private.audit_account();

-- Export and import --------------------------------------------------------------------------------

alter function public.export_workspace(uuid) rename to workspace_document;
alter function public.workspace_document(uuid) set schema private;

-- The document of a workspace, for any of its members; the audit trail says how much was exported. Tools are listed
-- where the user chose something for them. PT404: no such workspace.
create function public.export_workspace(p_workspace_id uuid) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_document jsonb := private.workspace_document(p_workspace_id);
begin
  perform private.record_event(p_workspace_id, 'export', 'workspaces', jsonb_build_object(
    'servers', jsonb_build_object('to', jsonb_array_length(v_document -> 'servers')),
    'agents', jsonb_build_object('to', jsonb_array_length(v_document -> 'agents'))
  ));
  return v_document;
end
$$;

-- What members chose for tools that are not there at the moment.
create function private.absent_tool_choices(p_workspace_id uuid)
returns table (server_slug text, name text, choice jsonb)
language sql stable security definer set search_path = ''
as $$
  select s.slug, v.name, to_jsonb(v) - array['server_id', 'name']
  from private.vanished_tool_choices v join public.mcp_servers s on s.id = v.server_id
  where s.workspace_id = p_workspace_id and p_workspace_id = any (private.my_workspace_ids())
$$;

-- Everything that an import can change, one row for each server, agent and tool that has settings.
create function private.importable_rows(p_workspace_id uuid) returns table (kind text, id text, name text, fields jsonb)
language sql stable set search_path = ''
as $$
  select 'server', s.id::text, s.name, private.server_document(s)
  from public.mcp_servers s where s.workspace_id = p_workspace_id
  union all
  select 'agent', c.id::text, c.name, private.agent_document(c) || jsonb_build_object('servers', coalesce((
    select jsonb_agg(s.slug order by s.slug)
    from public.agent_config_servers a join public.mcp_servers s on s.id = a.server_id where a.agent_config_id = c.id
  ), '[]'))
  from public.agent_configs c where c.workspace_id = p_workspace_id
  union all
  -- Later columns of choices appear by themselves; the rest of a tool is what its server says.
  select 'tool', format('%s/%s', s.slug, t.name), format('%s/%s', s.slug, t.name), (
    select jsonb_object_agg(f.key, f.value) from jsonb_each(to_jsonb(t)) f
    where has_column_privilege('authenticated', 'public.mcp_tools', f.key, 'update')
  )
  from public.mcp_tools t join public.mcp_servers s on s.id = t.server_id where s.workspace_id = p_workspace_id
  union all
  select 'tool', format('%s/%s', v.server_slug, v.name), format('%s/%s', v.server_slug, v.name), v.choice
  from private.absent_tool_choices(p_workspace_id) v
$$;

-- What differs between two states of private.importable_rows, given as JSON: [{kind, name, is_new, fields: {field:
-- {from, to}}}]. Empty fields of what is new are left out.
create function private.import_changes(p_before jsonb, p_after jsonb) returns jsonb
language sql immutable set search_path = ''
as $$
  select coalesce(jsonb_agg(
    jsonb_build_object('kind', d.kind, 'name', d.name, 'is_new', d.is_new, 'fields', d.fields)
    order by d.kind, d.name
  ), '[]')
  from (
    select a.kind, a.name, b.id is null as is_new, (
      select jsonb_object_agg(f.key, jsonb_build_object('from', b.fields -> f.key, 'to', f.value))
      from jsonb_each(a.fields) f
      where f.value is distinct from coalesce(b.fields -> f.key, 'null') and (
        b.id is not null or f.value not in ('null', '""', '[]', '{}')
      )
    ) as fields
    from jsonb_to_recordset(p_after) as a (kind text, id text, name text, fields jsonb)
    left join jsonb_to_recordset(p_before) as b (kind text, id text, name text, fields jsonb)
      on b.kind = a.kind and b.id = a.id
  ) d
  where d.fields is not null
$$;

-- Imports a document into a workspace, all of it or nothing, and returns what became of each server and agent, and
-- `changes`: every field that the import changes, by private.import_changes.
create or replace function public.import_workspace(
  p_workspace_id uuid, p_document jsonb, p_mode text default 'merge', p_dry_run boolean default false
) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_servers jsonb;
  v_agents jsonb;
  v_needed jsonb;
  v_before jsonb;
  v_changes jsonb;
begin
  if p_workspace_id is null or p_workspace_id <> all (private.my_workspace_ids()) then
    raise exception using errcode = 'PT404', message = 'There is no such workspace.';
  end if;
  if p_workspace_id <> all (private.my_workspace_ids(array['owner', 'admin', 'member'])) then
    raise exception using errcode = 'PT403', message = 'Your role in this workspace does not allow this.';
  end if;
  if p_mode is null or p_mode not in ('merge', 'add') then
    perform private.refuse_fields(jsonb_build_object('mode', private.problem('unknown_choice', 'Choose merge or add.')));
  end if;
  if p_document ->> 'format' is distinct from 'patchbay.workspace' or p_document ->> 'version' <> '1' then
    perform private.refuse_fields(jsonb_build_object('document', private.problem(
      'bad_format', 'This is no exported workspace that this version can read.'
    )));
  end if;

  select jsonb_agg(to_jsonb(r)) into v_before from private.importable_rows(p_workspace_id) r;
  begin
    v_servers := private.import_list(p_workspace_id, p_document, 'servers', p_mode);
    v_agents := private.import_list(p_workspace_id, p_document, 'agents', p_mode);
    if (v_servers -> 'errors') || (v_agents -> 'errors') <> '{}' then
      perform private.refuse_fields((v_servers -> 'errors') || (v_agents -> 'errors'));
    end if;
    select coalesce(jsonb_agg(s.slug order by s.slug), '[]') into v_needed
    from public.mcp_servers s
    where s.workspace_id = p_workspace_id and s.auth_method in ('api_key', 'bearer_token') and not s.has_credential
      and not exists (
        select from public.my_credentials(p_workspace_id) m where m.server_id = s.id and m.has_credential
      )
      and (v_servers -> 'added') || (v_servers -> 'changed') || (v_servers -> 'left') ? s.slug;
    select private.import_changes(coalesce(v_before, '[]'), coalesce(jsonb_agg(to_jsonb(r)), '[]')) into v_changes
    from private.importable_rows(p_workspace_id) r;
    if p_dry_run then
      raise exception using errcode = 'PBDRY';
    end if;
  exception when sqlstate 'PBDRY' then
    -- Everything since the inner `begin` is undone; what was found out stays in the variables.
    null;
  end;
  if not p_dry_run then
    perform private.record_event(p_workspace_id, 'import', 'workspaces', (
      select coalesce(jsonb_object_agg(
        format('%s_%s', kind, outcome), jsonb_build_object('to', jsonb_array_length(names))
      ), '{}')
      from (values ('servers', v_servers), ('agents', v_agents)) as l (kind, answer),
        jsonb_each(answer - 'errors') as o (outcome, names)
      where jsonb_array_length(names) > 0
    ));
  end if;
  return jsonb_build_object(
    'servers', v_servers - 'errors', 'agents', v_agents - 'errors', 'credentials_needed', v_needed,
    'changes', v_changes
  );
end
$$;

revoke all on function
  private.acting_token(), private.note_token(), private.record_event(uuid, text, text, jsonb, uuid),
  private.audit_webhook(), private.audit_webhook_key(), private.record_end_of_account(uuid),
  private.forget_successor(), private.audit_account(), private.absent_tool_choices(uuid),
  private.importable_rows(uuid), private.import_changes(jsonb, jsonb)
  from public;
revoke all on function public.export_workspace(uuid) from public, anon, authenticated;
grant execute on function
  private.record_event(uuid, text, text, jsonb, uuid), private.absent_tool_choices(uuid),
  private.importable_rows(uuid), private.import_changes(jsonb, jsonb), public.export_workspace(uuid)
  to authenticated;
