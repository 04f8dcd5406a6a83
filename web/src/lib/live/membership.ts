/** Whether the user is still a member of a workspace; true if that can't be determined. */
export async function isStillMember(workspaceId: string): Promise<boolean> {
  const response = await fetch(`/api/workspaces/${workspaceId}`).catch(() => null);
  return response?.status !== 404;
}
