"""All checks of the doctor, in the order in which to fix their findings."""

import asyncio

from hub.config.settings import MAIN_PROVIDER, Settings
from hub.doctor.findings import Finding, ok, skipped
from hub.doctor.front import examine_front
from hub.doctor.product import ProductKnowledge
from hub.doctor.provider import examine_provider
from hub.doctor.routes import examine_route
from hub.doctor.running_hub import examine_dropped_headers
from hub.doctor.store import examine_keys, examine_redis, examine_secret_files
from hub.primitives.clock import Clock


async def examine(settings: Settings, clock: Clock, product: ProductKnowledge) -> list[Finding]:
    """Run all checks and return their findings.

    Raises:
        SettingsError: A file named in the settings cannot be used.
    """
    findings = []
    if settings.redis.url:
        findings += await examine_redis(settings.redis.url, settings.redis.timeout_seconds)
    else:
        findings.append(
            ok("redis-reachable", "redis.url", "is empty: the hub starts a private Redis, which writes an append-only file")
        )
    findings += examine_keys(settings, clock.now())
    findings += examine_secret_files(settings)
    for provider in settings.all_providers:
        if (examiner := product.examiners.get(provider.kind)) is not None:
            findings += [finding async for finding in examiner(provider)]
        else:
            suffix = "" if provider.name == MAIN_PROVIDER else f"/{provider.name}"
            redirect_uri = f"{settings.server.origin}/hub/callback{suffix}"
            findings += [finding async for finding in examine_provider(provider, redirect_uri, clock, product)]
    if not settings.routes:
        findings.append(skipped("route-reachable", "routes", "there are no routes", "Add a [[routes]] table for your API."))
    for found in await asyncio.gather(*(examine_route(route, product) for route in settings.routes)):
        findings += found
    findings += await examine_dropped_headers(settings.admin)
    return findings + await examine_front(settings.server)
