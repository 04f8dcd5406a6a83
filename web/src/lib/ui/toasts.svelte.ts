export interface Toast {
  id: number;
  text: string;
  tone: 'plain' | 'ok' | 'warn' | 'bad';
  action?: { label: string; run: () => void };
}

const SHOWN_MS = 6000;
let lastId = 0;

export const toasts = $state<Toast[]>([]);

/** @returns a function that removes it; a toast without an action disappears by itself */
export function showToast(text: string, options: Partial<Pick<Toast, 'tone' | 'action'>> = {}): () => void {
  const id = ++lastId;
  toasts.push({ id, text, tone: options.tone ?? 'plain', action: options.action });
  const dismiss = () => {
    const index = toasts.findIndex((toast) => toast.id === id);
    if (index >= 0) toasts.splice(index, 1);
  };
  if (!options.action) setTimeout(dismiss, SHOWN_MS);
  return dismiss;
}
