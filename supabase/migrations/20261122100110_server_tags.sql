-- Tags are the groups and categories of servers. They live in mcp_servers.tags; these functions change one
-- over a whole workspace, in one statement and with the caller's own rights: members reach what they added,
-- admins everything.

-- Refuses what rename_tag and remove_tag could not do at all, and counts the servers that they passed over.
create function private.servers_left_with_tag(p_workspace_id uuid, p_tag text, p_changed integer)
returns integer
language plpgsql stable set search_path = ''
as $$
declare
  v_left integer;
begin
  if not exists (select from public.workspaces where id = p_workspace_id) then
    raise exception using errcode = 'PT404', message = 'There is no such workspace.';
  end if;
  select count(*) into v_left from public.mcp_servers
  where workspace_id = p_workspace_id and tags @> array[p_tag];
  if p_changed = 0 and v_left > 0 then
    raise exception using errcode = 'PT403',
      message = 'Your role in this workspace does not allow this: none of the servers with this tag is yours.';
  end if;
  return v_left;
end
$$;

-- Gives a tag another name on every server that the caller may edit; a server that has both keeps one.
-- Answers {changed, left}: servers that were changed, and others' servers that still carry the old tag.
-- PT404: no such workspace. PT403: there are such servers, and the caller may edit none. PT400: bad new name.
create function public.rename_tag(p_workspace_id uuid, p_tag text, p_new_tag text) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_new_tag text := private.trimmed(p_new_tag);
  v_problem jsonb := private.tag_problem(v_new_tag);
  v_changed integer := 0;
begin
  if v_problem is not null then
    perform private.refuse_fields(jsonb_build_object('new_tag', v_problem));
  end if;
  if v_new_tag = p_tag then
    return '{"changed": 0, "left": 0}';
  end if;
  update public.mcp_servers set tags = array_replace(tags, p_tag, v_new_tag)
  where workspace_id = p_workspace_id and tags @> array[p_tag];
  get diagnostics v_changed = row_count;
  return jsonb_build_object(
    'changed', v_changed, 'left', private.servers_left_with_tag(p_workspace_id, p_tag, v_changed)
  );
end
$$;

-- Takes a tag from every server that the caller may edit. Answers and errors as rename_tag.
create function public.remove_tag(p_workspace_id uuid, p_tag text) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_changed integer := 0;
begin
  update public.mcp_servers set tags = array_remove(tags, p_tag)
  where workspace_id = p_workspace_id and tags @> array[p_tag];
  get diagnostics v_changed = row_count;
  return jsonb_build_object(
    'changed', v_changed, 'left', private.servers_left_with_tag(p_workspace_id, p_tag, v_changed)
  );
end
$$;

revoke all on function private.servers_left_with_tag(uuid, text, integer) from public;
revoke all on function public.rename_tag(uuid, text, text), public.remove_tag(uuid, text)
  from public, anon, authenticated;
grant execute on function
  private.tag_problem(text), private.servers_left_with_tag(uuid, text, integer), public.rename_tag(uuid, text, text),
  public.remove_tag(uuid, text)
  to authenticated;
