// @vitest-environment jsdom
import './environment';
import { provideHttpClient, withFetch } from '@angular/common/http';
import { provideHttpClientTesting } from '@angular/common/http/testing';
import type { EnvironmentProviders, Provider } from '@angular/core';
import { TestBed } from '@angular/core/testing';
import { HubSession, provideHub } from 'iris-hub-client';
import { beforeEach, expect, test, vi } from 'vitest';
import { provideHubTesting } from '../testing/src/public-api';

const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);

function start(...providers: (Provider | EnvironmentProviders)[]): void {
  TestBed.configureTestingModule({ providers: [...providers, provideHubTesting()] });
  TestBed.inject(HubSession);
}

beforeEach(() => {
  TestBed.resetTestingModule();
  warn.mockClear();
});

test.each([
  ['XHR', provideHttpClient()],
  ['fetch', provideHttpClient(withFetch())],
])('an application is warned whose provideHttpClient() takes its place back: %s', (_backend, after) => {
  start(provideHub(), after);
  expect(warn.mock.calls).toEqual([[expect.stringContaining('after provideHttpClient()')]]);
});

test.each([
  ['the order of the guide', [provideHttpClient(), provideHub()]],
  ['no provideHttpClient()', [provideHub()]],
  ['a test', [provideHttpClient(), provideHub(), provideHttpClientTesting()]],
])('nobody is warned without need: %s', (_case, providers) => {
  start(...providers);
  expect(warn).not.toHaveBeenCalled();
});
