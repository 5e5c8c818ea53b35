/** What the API of the clinic answers. */

export type Sex = 'female' | 'male' | 'other' | 'unknown';

/** What a client may write of a patient. */
export interface PatientDraft {
  family_name: string;
  given_name: string;
  /** ISO date. */
  birth_date: string;
  sex: Sex;
  city: string;
}

export interface Patient extends PatientDraft {
  id: number;
  version: number;
}

export interface PatientPage {
  items: Patient[];
  page: number;
  size: number;
  total: number;
}

export interface Appointment {
  id: number;
  patient_id: number;
  /** ISO date and time, local. */
  at: string;
  minutes: number;
  reason: string;
}

export interface Appointments {
  items: Appointment[];
  total: number;
}

export interface Receipt {
  bytes: number;
  sha256: string;
  content_type: string;
}

/** An event of the topic `patients`. */
export interface PatientNews {
  id: number;
  version?: number;
  family_name?: string;
  given_name?: string;
  by: string;
}
