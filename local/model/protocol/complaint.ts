export interface Complaint {
  code: string;
  message: string;
  param: string | null;
}
