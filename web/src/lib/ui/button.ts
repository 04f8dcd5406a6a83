import { tv } from 'tailwind-variants/lite';

/** Styles of buttons and of links that look like buttons. */
export const button = tv({
  base: 'inline-flex items-center justify-center gap-1.5 rounded-control border font-medium whitespace-nowrap transition-colors disabled:opacity-60 disabled:cursor-not-allowed aria-pressed:border-ink aria-pressed:bg-sunken',
  variants: {
    variant: {
      plain: 'border-line-strong bg-panel text-ink hover:bg-sunken',
      primary: 'border-accent bg-accent text-accent-ink hover:brightness-110',
      danger: 'border-bad bg-bad text-panel hover:brightness-110',
      quiet: 'border-transparent bg-transparent text-ink-2 hover:bg-sunken hover:text-ink',
    },
    size: {
      normal: 'min-h-9 px-3.5 py-1.5 text-m',
      small: 'min-h-7 px-2 py-0.5 text-s',
      icon: 'size-9 p-0',
    },
  },
  defaultVariants: { variant: 'plain', size: 'normal' },
});
