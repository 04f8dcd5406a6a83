import { browser } from '$app/environment';
import { type Attachment, createAttachmentKey } from 'svelte/attachments';

/**
 * Opens a `<details>` when needed. Unlike the `open` attribute, it never closes what the reader opened, even before
 * hydration.
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
