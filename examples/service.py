#!/usr/bin/env python3
"""A sixth service, in Python: keeps a journal of what moved. It knows Herald from docs/asyncapi.yaml alone.

    pip install pika
    python3 examples/service.py amqp://user:password@host/ journal.db

Each step of a transfer comes at least once; the journal's key makes the effect happen once. Nothing is acked before it is
kept, so a crash anywhere leads to a repeat and never to a loss.
"""
import json
import signal
import sqlite3
import sys

import pika

PREFIX = sys.argv[3] if len(sys.argv) > 3 else "herald"
EXCHANGE, QUEUE = f"{PREFIX}.transfers", f"{PREFIX}.service.journal"


def open_journal(path):
    journal = sqlite3.connect(path)
    journal.execute(
        "create table if not exists steps (transfer text, state text, kind text not null, traceparent text,"
        " primary key (transfer, state))"
    )
    return journal


def keep(journal, body, traceparent):
    """Whether the step is new."""
    step = json.loads(body)
    if step["v"] != 1:
        raise ValueError(f"a message of version {step['v']}; this program knows 1")
    with journal:
        row = (step["transfer"], step["state"], step["kind"], traceparent)
        return journal.execute("insert or ignore into steps values (?, ?, ?, ?)", row).rowcount == 1


def main():
    url, path = sys.argv[1], sys.argv[2]
    journal = open_journal(path)
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    channel.exchange_declare(EXCHANGE, exchange_type="topic", durable=True)
    channel.queue_declare(QUEUE, durable=True, arguments={"x-queue-type": "quorum"})
    channel.queue_bind(QUEUE, EXCHANGE, routing_key="transfer.#")
    channel.basic_qos(prefetch_count=64)

    def on_step(channel, method, properties, body):
        new = keep(journal, body, (properties.headers or {}).get("traceparent"))
        print(("kept " if new else "known ") + body.decode(), flush=True)
        channel.basic_ack(method.delivery_tag)

    channel.basic_consume(QUEUE, on_step)
    signal.signal(signal.SIGTERM, lambda *_: connection.add_callback_threadsafe(channel.stop_consuming))
    print("ready", flush=True)
    channel.start_consuming()
    connection.close()


if __name__ == "__main__":
    main()
