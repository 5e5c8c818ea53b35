const NAME = 'iris-hub';

export type TabMessage = 'logged-in' | 'ended';

/** Tells the other tabs of this browser what happened to the session that they share. */
export class Tabs {
  private readonly channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(NAME);

  constructor(listener: (message: TabMessage) => void) {
    if (this.channel !== null) this.channel.onmessage = ({ data }) => listener(data as TabMessage);
  }

  tell(message: TabMessage): void {
    this.channel?.postMessage(message);
  }

  close(): void {
    this.channel?.close();
  }
}

/** Brings messages to the other tabs of this browser that use the same name: a BroadcastChannel, or what stands in for one. */
export interface Bus<T> {
  onmessage: ((event: { data: T }) => void) | null;
  postMessage(message: T): void;
  close(): void;
}

/** What tabs need to share one stream. */
export interface Sharing {
  bus<T>(name: string): Bus<T>;
  /** Hold a lock that one tab at a time has: `held` is called once it is ours. Returns how to give it up, or stop waiting. */
  lock(name: string, steal: boolean, held: () => void, lost: () => void): () => void;
}

/** Web Locks and BroadcastChannel; null in a browser that lacks either. */
export function browserSharing(): Sharing | null {
  if (typeof BroadcastChannel === 'undefined' || navigator?.locks === undefined) return null;
  return { bus: <T>(name: string) => new BroadcastChannel(name) as Bus<T>, lock: holdLock };
}

function holdLock(name: string, steal: boolean, held: () => void, lost: () => void): () => void {
  const waiting = new AbortController();
  const { signal } = waiting;
  let release: (() => void) | undefined;
  navigator.locks
    .request(name, steal ? { steal } : { signal }, async () => {
      if (signal.aborted) return;
      const done = new Promise<void>((resolve) => (release = resolve));
      held();
      await done;
    })
    .catch(() => signal.aborted || lost()); // another tab has taken it
  return () => {
    waiting.abort();
    release?.();
  };
}

/** One tab alone, in a browser where tabs cannot find each other. */
export function loneSharing(defer: (run: () => void) => void): Sharing {
  const ends: Bus<unknown>[] = [];
  return {
    bus: <T>() => {
      const end: Bus<T> = {
        onmessage: null,
        postMessage: (data) => defer(() => ends.forEach((other) => other !== end && other.onmessage?.({ data }))),
        close: () => void (end.onmessage = null),
      };
      ends.push(end as Bus<unknown>);
      return end;
    },
    lock: (_name, _steal, held) => {
      let isWanted = true;
      defer(() => isWanted && held());
      return () => void (isWanted = false);
    },
  };
}
