-- Agents: their instructions, model, voice and servers.

-- Triggers, in firing order:
--   before statement: a_count_write
--   before row: a_stop_large_change, a_stop_large_insert, prepare_agent
--   after row: audit, hint_agent, require_agent
--   after statement: count_deleted_rows, count_inserted_rows, count_updated_rows, limit_agents
create table public.agent_configs (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null default private.personal_workspace_id()
    references public.workspaces (id) on delete cascade,
  user_id uuid default auth.uid() references auth.users (id) on delete set null,
  name text not null,
  system_prompt text not null default '',
  voice_model text not null default 'coral',
  temperature integer not null default 80,
  greeting text not null default '',
  is_default boolean not null default false,
  all_servers boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  provider text not null default 'openai',
  -- Null: OPENAI_REALTIME_MODEL of the deployment.
  model text,
  -- Null: the model's default. Ignored by models without reasoning.
  reasoning_effort text,
  turn_detection text not null default 'fast',
  -- For semantic turn detection only.
  turn_eagerness text not null default 'auto',
  -- The language that users speak; null: detected.
  language text,
  constraint agent_configs_id_in_workspace unique (id, workspace_id),
  constraint agent_configs_name_length check (char_length(name) between 1 and 80),
  constraint agent_configs_system_prompt_length check (char_length(system_prompt) <= 20000),
  constraint agent_configs_voice check (voice_model in (
    'alloy', 'ash', 'ballad', 'cedar', 'coral', 'echo', 'marin', 'sage', 'shimmer', 'verse'
  )),
  constraint agent_configs_temperature check (temperature between 0 and 100),
  constraint agent_configs_greeting_length check (char_length(greeting) <= 1000),
  constraint agent_configs_provider check (provider in ('openai')),
  constraint agent_configs_model check (private.is_model_name(model)),
  constraint agent_configs_reasoning_effort check (
    reasoning_effort in ('minimal', 'low', 'medium', 'high', 'xhigh')
  ),
  constraint agent_configs_turn_detection check (turn_detection in ('fast', 'semantic')),
  constraint agent_configs_turn_eagerness check (turn_eagerness in ('auto', 'low', 'medium', 'high')),
  constraint agent_configs_language check (private.is_language_tag(language))
);
create unique index agent_configs_one_default on public.agent_configs (workspace_id) where is_default;
create index agent_configs_workspace on public.agent_configs (workspace_id, created_at);
create index agent_configs_user on public.agent_configs (user_id);

alter table public.agent_configs enable row level security;
revoke all on public.agent_configs from anon, authenticated;
grant
  select,
  insert (
    workspace_id, user_id, name, system_prompt, voice_model, temperature, greeting, is_default, all_servers,
    provider, model, reasoning_effort, turn_detection, turn_eagerness, language
  ),
  update (
    name, system_prompt, voice_model, temperature, greeting, is_default, all_servers, provider, model,
    reasoning_effort, turn_detection, turn_eagerness, language
  ),
  delete
  on public.agent_configs to authenticated;
grant
  select,
  insert (
    workspace_id, user_id, name, system_prompt, voice_model, temperature, greeting, is_default, all_servers,
    provider, model, reasoning_effort, turn_detection, turn_eagerness, language
  ),
  update (
    name, system_prompt, voice_model, temperature, greeting, is_default, all_servers, provider, model,
    reasoning_effort, turn_detection, turn_eagerness, language
  ),
  delete
  on public.agent_configs to api_token;
grant select, insert, update, delete on public.agent_configs to service_role;
create policy "members see agents" on public.agent_configs for select to authenticated
  using (workspace_id = any ((select private.my_workspace_ids())::uuid[]));
create policy "members add agents as their own" on public.agent_configs for insert to authenticated
  with check (
    workspace_id = any ((select private.my_workspace_ids(array['owner', 'admin', 'member']))::uuid[])
    and user_id = (select auth.uid())
  );
create policy "admins edit all agents, members their own" on public.agent_configs for update to authenticated
  using (
    workspace_id = any ((select private.my_workspace_ids(array['owner', 'admin']))::uuid[])
    or (
      user_id = (select auth.uid())
      and workspace_id = any ((select private.my_workspace_ids(array['member']))::uuid[])
    )
  );
create policy "admins delete all agents, members their own" on public.agent_configs for delete to authenticated
  using (
    workspace_id = any ((select private.my_workspace_ids(array['owner', 'admin']))::uuid[])
    or (
      user_id = (select auth.uid())
      and workspace_id = any ((select private.my_workspace_ids(array['member']))::uuid[])
    )
  );
create policy "a token sees agents" on public.agent_configs for select to api_token
  using (workspace_id = (select private.token_workspace_id()));
create policy "a token adds agents as its creator's" on public.agent_configs for insert to api_token
  with check (
    workspace_id = (select private.token_workspace_id('agents:write', array['owner', 'admin', 'member']))
    and user_id = (select auth.uid())
  );
create policy "a token edits agents as its creator may" on public.agent_configs for update to api_token
  using (
    workspace_id = (select private.token_workspace_id('agents:write', array['owner', 'admin']))
    or (
      user_id = (select auth.uid())
      and workspace_id = (select private.token_workspace_id('agents:write', array['member']))
    )
  );
create policy "a token deletes agents as its creator may" on public.agent_configs for delete to api_token
  using (
    workspace_id = (select private.token_workspace_id('agents:write', array['owner', 'admin']))
    or (
      user_id = (select auth.uid())
      and workspace_id = (select private.token_workspace_id('agents:write', array['member']))
    )
  );

select private.limit_writes('public.agent_configs');

create trigger limit_agents after insert on public.agent_configs
  referencing new table as new_rows for each statement
  execute function private.enforce_limit('agents', 'workspace_id', 'true');

create trigger audit after insert or delete or update of
    name, system_prompt, voice_model, temperature, greeting, provider, model, reasoning_effort, turn_detection,
    turn_eagerness, language, is_default, all_servers
  on public.agent_configs
  for each row execute function private.audit(
    'id',
    'name voice_model temperature greeting provider model reasoning_effort turn_detection turn_eagerness language '
      'is_default all_servers',
    'system_prompt'
  );

-- The servers of an agent whose all_servers is false. Agent and server are in the same workspace.
-- Triggers, in firing order:
--   before statement: a_count_write
--   before row: a_stop_large_change, a_stop_large_insert, set_agent_server_workspace
--   after row: audit
--   after statement: count_deleted_rows, count_inserted_rows, count_updated_rows, hint_agent_servers_added,
--     hint_agent_servers_removed
create table public.agent_config_servers (
  agent_config_id uuid not null,
  server_id uuid not null,
  -- Set by a trigger. The default makes the column optional for clients.
  workspace_id uuid not null default private.personal_workspace_id(),
  primary key (agent_config_id, server_id),
  constraint agent_config_servers_config foreign key (agent_config_id, workspace_id)
    references public.agent_configs (id, workspace_id) on delete cascade,
  constraint agent_config_servers_server foreign key (server_id, workspace_id)
    references public.mcp_servers (id, workspace_id) on delete cascade
);
create index agent_config_servers_server on public.agent_config_servers (server_id, workspace_id);
create index agent_config_servers_workspace on public.agent_config_servers (workspace_id);

alter table public.agent_config_servers enable row level security;
revoke all on public.agent_config_servers from anon, authenticated;
grant select, insert (agent_config_id, server_id), delete on public.agent_config_servers to authenticated;
grant select, insert (agent_config_id, server_id), delete on public.agent_config_servers to api_token;
grant select, insert, update, delete on public.agent_config_servers to service_role;
create policy "members see the servers of agents" on public.agent_config_servers for select to authenticated
  using (workspace_id = any ((select private.my_workspace_ids())::uuid[]));
create policy "whoever may edit an agent may add servers to it" on public.agent_config_servers
  for insert to authenticated
  with check (
    workspace_id = any ((select private.my_workspace_ids(array['owner', 'admin']))::uuid[])
    or (
      workspace_id = any ((select private.my_workspace_ids(array['member']))::uuid[])
      and agent_config_id in (select c.id from public.agent_configs c where c.user_id = (select auth.uid()))
    )
  );
create policy "whoever may edit an agent may remove servers from it" on public.agent_config_servers
  for delete to authenticated
  using (
    workspace_id = any ((select private.my_workspace_ids(array['owner', 'admin']))::uuid[])
    or (
      workspace_id = any ((select private.my_workspace_ids(array['member']))::uuid[])
      and agent_config_id in (select c.id from public.agent_configs c where c.user_id = (select auth.uid()))
    )
  );
create policy "a token sees the servers of agents" on public.agent_config_servers for select to api_token
  using (workspace_id = (select private.token_workspace_id()));
create policy "a token adds servers to agents as its creator may" on public.agent_config_servers for insert to api_token
  with check (
    workspace_id = (select private.token_workspace_id('agents:write', array['owner', 'admin']))
    or (
      workspace_id = (select private.token_workspace_id('agents:write', array['member']))
      and agent_config_id in (select c.id from public.agent_configs c where c.user_id = (select auth.uid()))
    )
  );
create policy "a token removes servers from agents as its creator may" on public.agent_config_servers
  for delete to api_token
  using (
    workspace_id = (select private.token_workspace_id('agents:write', array['owner', 'admin']))
    or (
      workspace_id = (select private.token_workspace_id('agents:write', array['member']))
      and agent_config_id in (select c.id from public.agent_configs c where c.user_id = (select auth.uid()))
    )
  );

select private.limit_writes('public.agent_config_servers');

create trigger audit after insert or delete on public.agent_config_servers
  for each row execute function private.audit('agent_config_id', 'server_id', '');

create function private.agent_field_errors(c public.agent_configs) returns jsonb
language sql immutable set search_path = ''
as $$
  select coalesce(jsonb_object_agg(field, problem), '{}')
  from (
    values
      ('name', private.text_error(c.name, 80, 'Give the agent a name.')),
      ('system_prompt', private.text_error(c.system_prompt, 20000)),
      ('voice_model', case
        when c.voice_model not in (
          'alloy', 'ash', 'ballad', 'cedar', 'coral', 'echo', 'marin', 'sage', 'shimmer', 'verse'
        ) then private.field_error('unknown_choice', 'Choose one of the voices.')
      end),
      ('temperature', case when c.temperature not between 0 and 100
        then private.field_error('out_of_range', 'Enter a whole number from 0 to 100.') end),
      ('greeting', private.text_error(c.greeting, 1000)),
      ('provider', case when c.provider <> 'openai' then private.field_error('unknown_choice', 'Choose openai.') end),
      ('model', case when not private.is_model_name(c.model)
        then private.field_error('bad_format', 'Enter a model name, such as gpt-realtime-2.1.') end),
      ('reasoning_effort', case when c.reasoning_effort not in ('minimal', 'low', 'medium', 'high', 'xhigh')
        then private.field_error('unknown_choice', 'Choose minimal, low, medium, high or xhigh.') end),
      ('turn_detection', case when c.turn_detection not in ('fast', 'semantic')
        then private.field_error('unknown_choice', 'Choose fast or semantic.') end),
      ('turn_eagerness', case when c.turn_eagerness not in ('auto', 'low', 'medium', 'high')
        then private.field_error('unknown_choice', 'Choose auto, low, medium or high.') end),
      ('language', case when not private.is_language_tag(c.language)
        then private.field_error('bad_format', 'Enter a language code, such as en or pt-BR.') end)
  ) as checks (field, problem)
  where problem is not null
$$;

-- Normalizes, validates, and keeps exactly one default agent per workspace. Only admins choose which one.
create function private.prepare_agent() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  v_errors jsonb;
  v_default uuid;
begin
  new.name := private.trimmed(new.name);
  new.system_prompt := private.trimmed(coalesce(new.system_prompt, ''));
  new.voice_model := coalesce(new.voice_model, 'coral');
  new.temperature := coalesce(new.temperature, 80);
  new.greeting := private.trimmed(coalesce(new.greeting, ''));
  new.is_default := coalesce(new.is_default, false);
  new.all_servers := coalesce(new.all_servers, true);
  new.provider := coalesce(new.provider, 'openai');
  new.model := nullif(private.trimmed(new.model), '');
  new.turn_detection := coalesce(new.turn_detection, 'fast');
  new.turn_eagerness := coalesce(new.turn_eagerness, 'auto');
  new.language := nullif(private.trimmed(new.language), '');
  new.updated_at := now();
  v_errors := private.agent_field_errors(new);
  if v_errors <> '{}' then
    perform private.refuse_fields(v_errors);
  end if;

  -- The update of the former default below fires this trigger again.
  if pg_trigger_depth() > 1 then
    return new;
  end if;
  select c.id into v_default from public.agent_configs c
  where c.workspace_id = new.workspace_id and c.is_default and c.id <> new.id
  for update;
  if v_default is null then
    if tg_op = 'UPDATE' and old.is_default and not new.is_default then
      raise exception using
        errcode = 'PT409',
        message = 'A workspace needs a default agent. Make another agent the default instead.';
    end if;
    new.is_default := true;
  elsif new.is_default then
    if auth.uid() is not null
      and new.workspace_id <> all (private.my_workspace_ids(array['owner', 'admin']))
    then
      raise exception using errcode = 'PT403', message = 'Only owners and admins can choose the default agent.';
    end if;
    update public.agent_configs set is_default = false where id = v_default;
  end if;
  return new;
end
$$;
create trigger prepare_agent before insert or update on public.agent_configs
  for each row execute function private.prepare_agent();

create function private.require_agent() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  v_heir uuid;
begin
  -- The workspace is being deleted.
  if not exists (select from public.workspaces where id = old.workspace_id) then
    return null;
  end if;
  if exists (select from public.agent_configs where workspace_id = old.workspace_id and is_default) then
    return null;
  end if;
  select c.id into v_heir from public.agent_configs c
  where c.workspace_id = old.workspace_id order by c.created_at, c.id limit 1;
  if v_heir is null then
    raise exception using errcode = 'PT409', message = 'You can''t delete the last agent of a workspace.';
  end if;
  update public.agent_configs set is_default = true where id = v_heir;
  return null;
end
$$;
create trigger require_agent after delete on public.agent_configs
  for each row when (old.is_default) execute function private.require_agent();

create function private.set_agent_server_workspace() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  select c.workspace_id into new.workspace_id from public.agent_configs c where c.id = new.agent_config_id;
  -- The same error for agents of other workspaces, so that it does not reveal their existence.
  if new.workspace_id is null
    or not exists (
      select from public.mcp_servers s where s.id = new.server_id and s.workspace_id = new.workspace_id
    )
    or (auth.uid() is not null and new.workspace_id <> all (private.my_workspace_ids()))
  then
    raise exception using errcode = 'PT404', message = 'There is no such agent or server in this workspace.';
  end if;
  return new;
end
$$;
create trigger set_agent_server_workspace before insert on public.agent_config_servers
  for each row execute function private.set_agent_server_workspace();

-- A server that moves to another workspace is removed from the agents of the old one.
create function private.remove_from_agents() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  delete from public.agent_config_servers where server_id = old.id;
  return new;
end
$$;
create trigger e_remove_from_agents before update of workspace_id on public.mcp_servers
  for each row when (new.workspace_id <> old.workspace_id) execute function private.remove_from_agents();

create function private.add_agent(p_workspace_id uuid, p_user_id uuid) returns void
language sql set search_path = ''
as $$
  insert into public.agent_configs (workspace_id, user_id, name, is_default, greeting, system_prompt)
  values (
    p_workspace_id,
    p_user_id,
    'Assistant',
    true,
    'Hello! What can I do for you?',
    'You are a friendly voice assistant. You are talking with one person, so keep answers short and plain: '
      || 'one to three sentences, no lists, no markup, no spelled-out URLs. '
      || 'Use your tools whenever they can answer better than you can, and say briefly what you are doing '
      || 'when it may take a moment. Tools can be added or removed during the conversation: use only the ones you '
      || 'have now. If a tool fails or is missing, say so and continue with what you can do. '
      || 'Never make up the result of a tool.'
  )
$$;

create function private.add_default_agent() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.add_agent(new.id, new.created_by);
  return null;
end
$$;
create trigger add_default_agent after insert on public.workspaces
  for each row execute function private.add_default_agent();

-- Workspaces that existed before this migration.
select private.add_agent(w.id, w.created_by) from public.workspaces w;

revoke all on all functions in schema private from public;
