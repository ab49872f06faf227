"""Runs localstripe as the shop's Stripe API: on 127.0.0.1 alone, with its state in a file of ours.

On its own localstripe listens on every interface and rewrites one pickle in the shared temporary folder on each
write, which makes every call slower than the last. Here the state is saved every now and then and when it ends, so
that the payments of the local shop outlive a restart like its orders do; those of the tests need not.
"""

import argparse
import asyncio
import contextlib
import logging
import os
import pickle
import time

from aiohttp import web
from localstripe import resources

CAPTURE = "/v1/payment_intents/{id}/capture"
PaymentIntent = resources.PaymentIntent
capture_once = PaymentIntent._api_capture


def capture(id, amount_to_capture=None, metadata=None, **parameters):
    intent = capture_once(id, amount_to_capture=amount_to_capture, **parameters)
    intent._received = int(amount_to_capture or intent.amount)
    intent.metadata.update(metadata or {})
    return intent


def amount_received(intent):
    return getattr(intent, "_received", intent.amount) if intent.status == "succeeded" else 0


def amount_capturable(intent):
    return intent.amount if intent.status == "requires_capture" else 0


PaymentIntent.amount_received = property(amount_received)
PaymentIntent.amount_capturable = property(amount_capturable)
# Before the server reads the table of routes.
resources.extra_apis[:] = [
    (method, path, capture if path == CAPTURE else endpoint) for method, path, endpoint in resources.extra_apis
]

from localstripe.server import app  # noqa: E402

dirty = False


def note_change(_store):
    global dirty
    dirty = True


def load(path):
    try:
        with open(path, "rb") as file:
            dict.update(resources.store, pickle.load(file))
    except FileNotFoundError:
        pass
    except Exception as error:  # A state that cannot be read is worth less than a Stripe API that starts.
        print(f"starting empty: {path} cannot be read: {error}", flush=True)


def save(path):
    global dirty
    if not dirty:
        return
    dirty = False
    with open(path + ".new", "wb") as file:
        pickle.dump(resources.store, file, protocol=pickle.HIGHEST_PROTOCOL)
    os.replace(path + ".new", path)


async def saving(path):
    pause = 1
    try:
        while True:
            await asyncio.sleep(pause)
            began = time.monotonic()
            save(path)
            # The more there is, the longer it takes: never more than a twentieth of the time.
            pause = max(1, 20 * (time.monotonic() - began))
    finally:
        save(path)


async def save_in_background(app):
    task = asyncio.create_task(saving(app["state"]))
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    save(app["state"])


create_intent = resources.PaymentIntent._api_create.__func__


def create_intent_of_later_use(cls, setup_future_usage=None, **data):
    """localstripe does not know the parameter, and attaches any payment method at any time."""
    return create_intent(cls, **data)


resources.PaymentIntent._api_create = classmethod(create_intent_of_later_use)

parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--state", help="where the state is kept; nowhere if absent")
arguments = parser.parse_args()

resources.Store.dump_to_disk = note_change
if arguments.state:
    load(arguments.state)
    app["state"] = arguments.state
    app.cleanup_ctx.append(save_in_background)
log = logging.getLogger("aiohttp.access")
log.setLevel(logging.INFO)
log.addHandler(logging.StreamHandler())
web.run_app(app, host="127.0.0.1", port=arguments.port, access_log=log, shutdown_timeout=1, print=None)
