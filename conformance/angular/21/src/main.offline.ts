import { mergeApplicationConfig } from '@angular/core';
import { bootstrapApplication } from '@angular/platform-browser';
import { provideServiceWorker } from '@angular/service-worker';
import { admitServiceWorker } from 'iris-hub-client';
import { App } from './app/app';
import { appConfig } from './app/app.config';

admitServiceWorker('ngsw-worker.js');
const config = mergeApplicationConfig(appConfig, { providers: [provideServiceWorker('ngsw-worker.js')] });
bootstrapApplication(App, config).catch((error: unknown) => console.error(error));
