// @vitest-environment jsdom
import './environment';
import { Component } from '@angular/core';
import { TestBed } from '@angular/core/testing';
import { type CanActivateFn, Router, provideRouter } from '@angular/router';
import { authenticatedOr, claimGuard } from 'iris-hub-client';
import { beforeEach, describe, expect, test } from 'vitest';
import { HubTesting, provideHubTesting } from '../testing/src/public-api';

@Component({ template: '' })
class Page {}

let hub: HubTesting;

/** Navigate to a guarded page; return where that ends. */
async function ends(guard: CanActivateFn, url = '/ward/7?bed=2#notes'): Promise<string> {
  const router = TestBed.inject(Router);
  router.resetConfig([
    { path: 'ward/:id', canActivate: [guard], component: Page },
    { path: '**', component: Page },
  ]);
  await router.navigateByUrl('/home');
  await router.navigateByUrl(url);
  return router.url;
}

beforeEach(() => {
  TestBed.resetTestingModule();
  TestBed.configureTestingModule({ providers: [provideRouter([]), provideHubTesting()] });
  hub = TestBed.inject(HubTesting);
});

describe('claimGuard', () => {
  const doctors = (options?: { redirectTo: string }): CanActivateFn => claimGuard('role', (role) => role === 'doctor', options);

  test('lets in whom the claim fits', async () => {
    hub.logIn({ claims: { role: 'doctor' } });
    expect(await ends(doctors({ redirectTo: '/forbidden?why=role' }))).toBe('/ward/7?bed=2#notes');
    expect(hub.calls).toEqual([]);
  });

  test('shows another page to users whom it does not fit', async () => {
    hub.logIn({ claims: { role: 'nurse' } });
    expect(await ends(doctors({ redirectTo: '/forbidden?why=role' }))).toBe('/forbidden?why=role');
  });

  test('stays where the user is without a page to show', async () => {
    hub.logIn({ claims: { role: 'nurse' } });
    expect(await ends(doctors())).toBe('/home');
    expect(hub.calls).toEqual([]);
  });

  test('sends to the login who is not logged in', async () => {
    expect(await ends(doctors({ redirectTo: '/forbidden' }))).toBe('/home');
    expect(hub.calls).toEqual([{ name: 'login', argument: { returnTo: '/ward/7?bed=2#notes' } }]);
  });
});

describe('authenticatedOr', () => {
  test('lets in who is logged in', async () => {
    hub.logIn();
    expect(await ends(authenticatedOr('/welcome'))).toBe('/ward/7?bed=2#notes');
  });

  test('shows a page of the application to the others, which knows what they asked for', async () => {
    expect(await ends(authenticatedOr('/welcome?lang=de'))).toBe('/welcome?lang=de&returnTo=%2Fward%2F7%3Fbed%3D2%23notes');
    expect(TestBed.inject(Router).parseUrl(TestBed.inject(Router).url).queryParams['returnTo']).toBe('/ward/7?bed=2#notes');
    expect(hub.calls).toEqual([]);
  });
});
