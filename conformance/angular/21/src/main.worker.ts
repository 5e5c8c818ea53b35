import { bootstrapApplication } from '@angular/platform-browser';
import { admitServiceWorker } from 'iris-hub-client';
import { App } from './app/app';
import { appConfig } from './app/app.config';

admitServiceWorker('worker.js');
void navigator.serviceWorker.register('worker.js');
bootstrapApplication(App, appConfig).catch((error: unknown) => console.error(error));
