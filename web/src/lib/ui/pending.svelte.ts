import type { SubmitFunction } from '@sveltejs/kit';

/** Whether a form is being sent: its button is disabled then, and what was typed stays. */
export class Pending {
  isBusy = $state(false);

  /** For `use:enhance`. */
  readonly submit: SubmitFunction = () => {
    this.isBusy = true;
    return async ({ update }) => {
      await update({ reset: false });
      this.isBusy = false;
    };
  };
}
