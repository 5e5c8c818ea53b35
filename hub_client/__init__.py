"""The Python client of the channel protocol: REST requests over one WebSocket, which survive a reconnect.

```python
async with ChannelClient("https://hub.example", login) as client:
    response = await client.request("POST", "/api/orders", json={"item": 7})
    print(response.status, await response.json())
```

For tests, benchmarks, and back ends with a session cookie of the hub. docs/channel-protocol.md is the specification.
"""

from hub_client.call import ChannelRefused as ChannelRefused
from hub_client.call import ClientResponse as ClientResponse
from hub_client.call import IncompleteResponse as IncompleteResponse
from hub_client.call import RequestFailed as RequestFailed
from hub_client.client import ChannelClient as ChannelClient
from hub_client.link import Login as Login
