/** A fault in what a client sent, ready for an `error` event. */
export interface Complaint {
  code: string;
  message: string;
  param: string | null;
}
