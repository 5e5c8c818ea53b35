"""The client half of the channel protocol for Python: REST requests over one WebSocket that survive its end.

```python
async with ChannelClient("https://hub.example", login) as client:
    answer = await client.request("POST", "/api/orders", json={"item": 7})
    print(answer.status, await answer.json())
```

For tests, benchmarks, and back ends that hold a session cookie of the hub. The specification is docs/channel-protocol.md.
"""

from hub_client.call import AnswerBroken as AnswerBroken
from hub_client.call import ChannelRefused as ChannelRefused
from hub_client.call import ClientResponse as ClientResponse
from hub_client.call import RequestFailed as RequestFailed
from hub_client.client import ChannelClient as ChannelClient
from hub_client.link import Login as Login
