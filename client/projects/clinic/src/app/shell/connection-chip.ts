import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';
import { HubConnection } from 'iris-hub-client';

/** How the page reaches the server, in two words. */
@Component({
  selector: 'clinic-connection-chip',
  template: `<span role="status" [attr.data-state]="connection.online() ? connection.state() : 'offline'">{{ text() }}</span>`,
  styleUrl: './connection-chip.css',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class ConnectionChip {
  protected readonly connection = inject(HubConnection);
  protected readonly text = computed(() => {
    if (!this.connection.online()) return 'Offline';
    switch (this.connection.state()) {
      case 'open':
        return 'Channel open';
      case 'connecting':
        return 'Connecting';
      case 'waiting':
        return 'Reconnecting, using HTTP';
      case 'refused':
        return 'Using HTTP';
      default:
        return 'No channel';
    }
  });
}
