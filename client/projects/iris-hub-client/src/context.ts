import { HttpContextToken } from '@angular/common/http';
import type { Mode, Priority } from 'iris-hub-client/core';

/** Which way this request goes; by default over the channel if there is one. */
export const HUB_MODE = new HttpContextToken<Mode>(() => 'auto');

/** Whose turn is first: 0 for what somebody waits for, 3 for what runs beside. */
export const HUB_PRIORITY = new HttpContextToken<Priority>(() => 1);

/** Idempotency key. By default (undefined) each request that changes something gets its own; null: none. */
export const HUB_KEY = new HttpContextToken<string | null | undefined>(() => undefined);

/** No activity of the user, such as polling: does not keep the session alive. */
export const HUB_PASSIVE = new HttpContextToken<boolean>(() => false);

/** Milliseconds until the answer has to begin; by default what the hub allows. */
export const HUB_TIMEOUT = new HttpContextToken<number | undefined>(() => undefined);

/** Keep the answer in memory, and ask next time whether it has changed (ETag). */
export const HUB_REVALIDATE = new HttpContextToken<boolean>(() => false);
