import type { Routes } from '@angular/router';

/** All of them are shown inside the shell, which is there only for users who are logged in. */
export const routes: Routes = [
  { path: '', title: 'Today', loadComponent: () => import('./dashboard/dashboard').then((m) => m.Dashboard) },
  { path: 'patients', title: 'Patients', loadComponent: () => import('./patients/patient-list').then((m) => m.PatientList) },
  { path: 'patients/:id', title: 'Patient', loadComponent: () => import('./patients/patient-page').then((m) => m.PatientPage) },
  { path: 'documents', title: 'Documents', loadComponent: () => import('./documents/documents').then((m) => m.Documents) },
  { path: 'feed', title: 'Live feed', loadComponent: () => import('./feed/feed').then((m) => m.Feed) },
  { path: 'report', title: 'Report', loadComponent: () => import('./report/report').then((m) => m.Report) },
  { path: 'sessions', title: 'My sessions', loadComponent: () => import('./sessions/sessions').then((m) => m.Sessions) },
  {
    path: 'holdings',
    title: 'What your browser holds',
    loadComponent: () => import('./holdings/holdings').then((m) => m.Holdings),
  },
  { path: 'connection', title: 'Connection', loadComponent: () => import('./connection/connection').then((m) => m.Connection) },
  { path: '**', title: 'Not found', loadComponent: () => import('./shell/not-found').then((m) => m.NotFound) },
];
