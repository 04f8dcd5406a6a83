import { browser } from '$app/environment';
import { type Attachment, createAttachmentKey } from 'svelte/attachments';

/**
 * Opens a `<details>` when something in it has to be seen. What the reader opened stays open, also what was opened
 * before the page came alive: there an `open` attribute would close it.
 */
export function openWhen(isNeeded: boolean): {
  open?: boolean;
  [key: symbol]: Attachment<HTMLDetailsElement>;
} {
  if (!browser) return { open: isNeeded };
  return {
    [createAttachmentKey()]: (details) => {
      if (isNeeded) details.open = true;
    },
  };
}
