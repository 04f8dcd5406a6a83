-- Which voice model an agent uses, and how it listens.

-- Names of models as providers and gateways write them; the provider decides whether there is such a model.
create function private.is_model_name(p_text text) returns boolean
language sql immutable set search_path = ''
as $$
  select p_text ~ '^[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}$'
$$;

-- A language with or without script and region, as in BCP 47: en, pt-BR, zh-Hant-TW.
create function private.is_language_tag(p_text text) returns boolean
language sql immutable set search_path = ''
as $$
  select p_text ~ '^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$'
$$;

alter table public.agent_configs
  add column provider text not null default 'openai',
  -- Null: the model of the deployment, OPENAI_REALTIME_MODEL.
  add column model text,
  -- Null: the default of the model. Models without reasoning ignore it.
  add column reasoning_effort text,
  add column turn_detection text not null default 'fast',
  -- Only for semantic turn detection.
  add column turn_eagerness text not null default 'auto',
  -- The language that callers speak; null: detected.
  add column language text,
  add constraint agent_configs_provider check (provider in ('openai')),
  add constraint agent_configs_model check (private.is_model_name(model)),
  add constraint agent_configs_reasoning_effort check (
    reasoning_effort in ('minimal', 'low', 'medium', 'high', 'xhigh')
  ),
  add constraint agent_configs_turn_detection check (turn_detection in ('fast', 'semantic')),
  add constraint agent_configs_turn_eagerness check (turn_eagerness in ('auto', 'low', 'medium', 'high')),
  add constraint agent_configs_language check (private.is_language_tag(language));

grant
  insert (provider, model, reasoning_effort, turn_detection, turn_eagerness, language),
  update (provider, model, reasoning_effort, turn_detection, turn_eagerness, language)
  on public.agent_configs to authenticated, api_token;

create or replace function private.agent_field_errors(c public.agent_configs) returns jsonb
language sql immutable set search_path = ''
as $$
  select coalesce(jsonb_object_agg(field, problem), '{}')
  from (
    values
      ('name', private.text_problem(c.name, 80, 'Give the agent a name.')),
      ('system_prompt', private.text_problem(c.system_prompt, 20000)),
      ('voice_model', case
        when c.voice_model not in (
          'alloy', 'ash', 'ballad', 'cedar', 'coral', 'echo', 'marin', 'sage', 'shimmer', 'verse'
        ) then private.problem('unknown_choice', 'Choose one of the voices.')
      end),
      ('temperature', case when c.temperature not between 0 and 100
        then private.problem('out_of_range', 'A whole number from 0 to 100.') end),
      ('greeting', private.text_problem(c.greeting, 1000)),
      ('provider', case when c.provider <> 'openai' then private.problem('unknown_choice', 'Choose openai.') end),
      ('model', case when not private.is_model_name(c.model)
        then private.problem('bad_format', 'Enter the name of a model, such as gpt-realtime-2.1.') end),
      ('reasoning_effort', case when c.reasoning_effort not in ('minimal', 'low', 'medium', 'high', 'xhigh')
        then private.problem('unknown_choice', 'Choose minimal, low, medium, high or xhigh.') end),
      ('turn_detection', case when c.turn_detection not in ('fast', 'semantic')
        then private.problem('unknown_choice', 'Choose fast or semantic.') end),
      ('turn_eagerness', case when c.turn_eagerness not in ('auto', 'low', 'medium', 'high')
        then private.problem('unknown_choice', 'Choose auto, low, medium or high.') end),
      ('language', case when not private.is_language_tag(c.language)
        then private.problem('bad_format', 'Enter a language code, such as en or pt-BR.') end)
  ) as checks (field, problem)
  where problem is not null
$$;

create or replace function private.prepare_agent() returns trigger
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

  -- The update of the former default, a few lines on, comes through here as well.
  if pg_trigger_depth() > 1 then
    return new;
  end if;
  select c.id into v_default from public.agent_configs c
  where c.workspace_id = new.workspace_id and c.is_default and c.id <> new.id
  for update;
  if v_default is null then
    if tg_op = 'UPDATE' and old.is_default and not new.is_default then
      raise exception using errcode = 'PT409', message = 'A workspace needs a default agent: choose another one instead.';
    end if;
    new.is_default := true;
  elsif new.is_default then
    if auth.uid() is not null
      and new.workspace_id <> all (private.my_workspace_ids(array['owner', 'admin']))
    then
      raise exception using errcode = 'PT403', message = 'Only owners and admins choose the default agent.';
    end if;
    update public.agent_configs set is_default = false where id = v_default;
  end if;
  return new;
end
$$;

drop trigger audit on public.agent_configs;
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

create or replace function public.voice_session_snapshot(p_session_id uuid, p_with_servers boolean default true)
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
  from public.voice_sessions v
  join public.workspace_members m on m.workspace_id = v.workspace_id and m.user_id = v.user_id
  join public.agent_configs c
    on c.workspace_id = v.workspace_id
    and (c.id = v.agent_config_id or (v.agent_config_id is null and c.is_default))
  where v.id = p_session_id and v.state <> 'ended'
$$;

create or replace function private.agent_document(c public.agent_configs) returns jsonb
language sql immutable set search_path = ''
as $$
  select jsonb_build_object(
    'name', c.name, 'system_prompt', c.system_prompt, 'voice_model', c.voice_model, 'temperature', c.temperature,
    'greeting', c.greeting, 'provider', c.provider, 'model', c.model, 'reasoning_effort', c.reasoning_effort,
    'turn_detection', c.turn_detection, 'turn_eagerness', c.turn_eagerness, 'language', c.language,
    'is_default', c.is_default, 'all_servers', c.all_servers
  )
$$;

create or replace function private.import_agent(p_workspace_id uuid, p_item jsonb, p_nth integer, p_mode text) returns text[]
language plpgsql set search_path = ''
as $$
declare
  v_name text := private.trimmed(p_item ->> 'name');
  v_found public.agent_configs;
  v_new public.agent_configs;
  v_outcome text := 'added';
  v_servers integer;
begin
  select * into v_found from public.agent_configs c
  where c.workspace_id = p_workspace_id and c.name = v_name
  order by c.created_at, c.id offset p_nth - 1 limit 1;
  if v_found.id is not null and p_mode = 'add' then
    return array[v_name, 'left'];
  end if;

  v_new := jsonb_populate_record(v_found, p_item - array['id', 'workspace_id', 'user_id']);
  v_new.name := v_name;
  v_new.is_default := coalesce(v_found.is_default, false) or (
    coalesce(v_new.is_default, false)
    and p_workspace_id = any (private.my_workspace_ids(array['owner', 'admin']))
  );
  if v_found.id is null then
    insert into public.agent_configs (
      workspace_id, name, system_prompt, voice_model, temperature, greeting, provider, model, reasoning_effort,
      turn_detection, turn_eagerness, language, is_default, all_servers
    ) values (
      p_workspace_id, v_new.name, v_new.system_prompt, v_new.voice_model, v_new.temperature, v_new.greeting,
      v_new.provider, v_new.model, v_new.reasoning_effort, v_new.turn_detection, v_new.turn_eagerness,
      v_new.language, v_new.is_default, v_new.all_servers
    ) returning * into v_new;
  elsif private.agent_document(v_new) = private.agent_document(v_found) then
    v_outcome := 'left';
  else
    update public.agent_configs set
      system_prompt = v_new.system_prompt, voice_model = v_new.voice_model, temperature = v_new.temperature,
      greeting = v_new.greeting, provider = v_new.provider, model = v_new.model,
      reasoning_effort = v_new.reasoning_effort, turn_detection = v_new.turn_detection,
      turn_eagerness = v_new.turn_eagerness, language = v_new.language,
      is_default = v_new.is_default, all_servers = v_new.all_servers
    where id = v_found.id;
    if not found then
      return array[v_name, 'refused'];
    end if;
    v_outcome := 'changed';
  end if;

  if jsonb_typeof(p_item -> 'servers') = 'array' then
    with wanted as (
      select s.id from public.mcp_servers s
      where s.workspace_id = p_workspace_id and p_item -> 'servers' ? s.slug
    ), gone as (
      delete from public.agent_config_servers a
      where a.agent_config_id = v_new.id and a.server_id not in (select id from wanted)
      returning 1
    ), come as (
      insert into public.agent_config_servers (agent_config_id, server_id)
      select v_new.id, w.id from wanted w
      where not exists (
        select from public.agent_config_servers a where a.agent_config_id = v_new.id and a.server_id = w.id
      )
      returning 1
    )
    select (select count(*) from gone) + (select count(*) from come) into v_servers;
    if v_servers > 0 and v_outcome = 'left' then
      v_outcome := 'changed';
    end if;
  end if;
  return array[v_name, v_outcome];
end
$$;

revoke all on function private.is_model_name(text), private.is_language_tag(text) from public;
grant execute on function private.is_model_name(text), private.is_language_tag(text)
  to authenticated, api_token, service_role;
