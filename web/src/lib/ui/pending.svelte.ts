import type { SubmitFunction } from '@sveltejs/kit';

/** Tracks whether a form is being sent, to disable its button and keep typed values. */
export class Pending {
  isBusy = $state(false);

  readonly submit: SubmitFunction = () => {
    this.isBusy = true;
    return async ({ update }) => {
      await update({ reset: false });
      this.isBusy = false;
    };
  };
}
