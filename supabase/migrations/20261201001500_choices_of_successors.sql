-- In an array of choices, an id without a choice would have deleted a workspace: only an object is accepted.

-- Deletes the caller's account. p_successors: for each shared workspace that the caller alone owns its id, with the
-- id of an admin or member who owns it from then on, or null to delete it; others are ignored.
-- PT409: a workspace is missing; `details` has {"code": "successor_needed", "workspaces": [{id, name}]}.
-- PT400: somebody chosen is not among the admins and members; `details` has {"<workspace id>": [...]}.
create or replace function public.delete_account(p_successors jsonb default '{}') returns void
language plpgsql security definer set search_path = ''
as $$
declare
  v_missing jsonb;
  v_errors jsonb;
begin
  if p_successors is not null and jsonb_typeof(p_successors) <> 'object' then
    perform private.refuse_fields(jsonb_build_object('successors', private.problem(
      'wrong_type', 'Give an object: the id of each workspace, and a user id or null.'
    )));
  end if;
  perform private.lock_workspaces_of(auth.uid());
  select jsonb_agg(jsonb_build_object('id', w.id, 'name', w.name) order by w.name, w.id) into v_missing
  from private.sole_ownerships(auth.uid()) s join public.workspaces w on w.id = s.workspace_id
  where s.is_shared and not coalesce(p_successors, '{}') ? s.workspace_id::text;
  if v_missing is not null then
    raise exception using
      errcode = 'PT409',
      message = 'Choose who owns each shared workspace after you, or that it is deleted.',
      detail = jsonb_build_object('code', 'successor_needed', 'workspaces', v_missing)::text;
  end if;
  select jsonb_object_agg(s.workspace_id, private.problem(
    'unknown_choice', 'Choose an admin or a member of this workspace.'
  )) into v_errors
  from private.sole_ownerships(auth.uid()) s
  where s.is_shared and p_successors ->> s.workspace_id::text is not null and not exists (
    select from private.successors(s.workspace_id, auth.uid()) x
    where x.user_id::text = p_successors ->> s.workspace_id::text
  );
  if v_errors is not null then
    perform private.refuse_fields(v_errors);
  end if;
  perform private.hand_over(s.workspace_id, (p_successors ->> s.workspace_id::text)::uuid)
  from private.sole_ownerships(auth.uid()) s where s.is_shared;
  delete from auth.users where id = auth.uid();
end
$$;
