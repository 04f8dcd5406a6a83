/**
 * The text of a path.
 * @returns null for what is none: a broken escape, or a NUL, which no file system and no database takes
 */
export function decodePath(pathname: string): string | null {
  try {
    const path = decodeURIComponent(pathname);
    return path.includes('\0') ? null : path;
  } catch {
    return null;
  }
}
