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
