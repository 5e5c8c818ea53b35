import { provideHttpClient } from '@angular/common/http';
import { type ApplicationConfig, provideZonelessChangeDetection } from '@angular/core';
import { provideClientHydration } from '@angular/platform-browser';
import { provideRouter } from '@angular/router';
import { provideHub } from 'iris-hub-client';
import { Page } from './page';

export const appConfig: ApplicationConfig = {
  providers: [
    provideZonelessChangeDetection(),
    provideClientHydration(),
    provideRouter(['', 'about', '**'].map((path) => ({ path, component: Page }))),
    provideHttpClient(),
    provideHub({ routes: ['/api'] }),
  ],
};
